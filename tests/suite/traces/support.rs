//! What the tests of this target share: a tenant with two providers.

use libgateway::ProviderConfig;
use libgateway_tests::{Backend, TestGateway};
pub(crate) use libgateway_tests::{
    checks::{PATIENCE, all_traces, assert_adds_up, eventually},
    direct::Direct,
    noise,
};
use serde_json::{Value, json};

/// A gateway whose tenant has two providers on one upstream, told apart by their paths: `openai` is asked first, and
/// `second` is its fallback. Nobody is asked twice. The settings are those of the first.
pub(crate) async fn pair(backend: Backend, settings: &Value) -> TestGateway {
    let test = TestGateway::open_with(backend, |config| config.retry.max_attempts = 1).await;
    let url = test.upstream.url();
    let second = json!({"name": "second", "kind": "openai", "api_key": "k2", "base_url": format!("{url}/second/v1")});
    for config in [first(&test, settings), serde_json::from_value(second).expect("a provider")] {
        test.acme.set_provider(config).await.expect("a provider");
    }
    // One that was open would look at its own changes once more, and forget the tenant with its breakers.
    test.reopen().await
}

/// The provider that is asked first in a [`pair`], with these settings.
pub(crate) fn first(test: &TestGateway, settings: &Value) -> ProviderConfig {
    let base_url = format!("{}/first/v1", test.upstream.url());
    let mut config = json!({"kind": "openai", "api_key": "k1", "base_url": base_url, "fallbacks": ["second"]});
    config.as_object_mut().expect("an object").extend(settings.as_object().expect("an object").clone());
    serde_json::from_value(config).expect("a provider")
}

/// How often the provider that is asked first in a [`pair`] was asked.
pub(crate) fn asked_first(test: &TestGateway) -> usize {
    test.upstream.requests().iter().filter(|request| request.path.starts_with("/first/")).count()
}
