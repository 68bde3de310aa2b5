//! What a tenant costs, and that requests leave nothing behind.

use std::time::Duration;

use libgateway::{Gateway, NewTenant, ProviderConfig};

use crate::{
    cpu::resident,
    setup::{Setup, config, question},
};

const TENANTS: usize = 10_000;
const REQUESTS: usize = 100_000;
/// Requests at once, and requests after which the recorder is waited for.
const AT_ONCE: usize = 50;
const BETWEEN: usize = 1_000;

/// Memory of a gateway in which every tenant has called once, without and with an alias in its settings. Ten thousand
/// others come before those that are counted, so that caches of fixed size are full.
pub(crate) fn tenants() {
    // The first time the process grows by what it keeps anyway.
    tenant_bytes(false);
    for (what, promise, aliased) in [
        ("a tenant with its provider built, of 10,000", "promise ≤ 2048", false),
        ("a tenant with an alias, too", "", true),
    ] {
        println!("{what:<52} ours {:>9.0} B                                          {promise}", tenant_bytes(aliased));
    }
}

fn tenant_bytes(aliased: bool) -> f64 {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let directory = tempfile::tempdir().expect("a directory");
    runtime.block_on(async {
        let gateway = Gateway::open(config(&directory)).await.expect("a gateway");
        for number in 0..2 * TENANTS {
            let mut provider = ProviderConfig {
                kind: "openai".into(),
                api_key: Some(format!("sk-{number:040}").into()),
                ..ProviderConfig::default()
            };
            if aliased {
                provider.settings.aliases = [("fast".to_owned(), "gpt-4o-mini".to_owned())].into();
            }
            let id = format!("tenant-{number}").parse().expect("an id");
            gateway
                .create_tenant(NewTenant { id: Some(id), provider: Some(provider), ..NewTenant::default() })
                .await
                .expect("a tenant");
        }
        gateway.close(Duration::from_secs(10)).await.expect("a close");

        let gateway = Gateway::open(config(&directory)).await.expect("a gateway");
        touch(&gateway, 0..TENANTS).await;
        let before = resident();
        touch(&gateway, TENANTS..2 * TENANTS).await;
        let each = (resident() - before) / TENANTS as f64;
        gateway.close(Duration::from_secs(10)).await.expect("a close");
        each
    })
}

async fn touch(gateway: &Gateway, numbers: std::ops::Range<usize>) {
    for number in numbers {
        let tenant = gateway.tenant(format!("tenant-{number}")).expect("a handle");
        tenant.get_provider_for_tenant(None).await.expect("a provider");
    }
}

/// Memory over many requests: it may not grow over the second half.
pub(crate) fn flat() {
    let setup = Setup::new("chat");
    let body = question(false);
    let call = |count: usize| {
        for _ in 0..count / BETWEEN {
            setup.runtime.block_on(async {
                for _ in 0..BETWEEN / AT_ONCE {
                    let calls = (0..AT_ONCE).map(|_| setup.acme.chat(body.clone()));
                    for answer in futures_util::future::join_all(calls).await {
                        answer.expect("an answer");
                    }
                }
            });
            // Callers that outrun the recorder fill its queue, and the allocator keeps what a full queue held: a
            // backlog is no growth.
            setup.settle();
        }
        resident()
    };
    let half = call(REQUESTS / 2);
    let whole = call(REQUESTS / 2);
    println!(
        "{:<52} ours {:>9.2} MB   (resident {:.1} MB)                promise ≤ 2",
        "growth over the second half of 100,000 chats",
        (whole - half) / 1e6,
        whole / 1e6
    );
}
