//! OpenAI-compatible vendors, a row each: where they are and what they offer beyond chat. Nothing here does anything.
//!
//! A row claims what the vendor's own pages or code say, and nothing else. `stream_options` stands only where the
//! vendor reads it: those without it report a stream's usage unasked, and some refuse fields they do not know.

use crate::types::provider::Capabilities;

/// Whether a vendor wants a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum KeyNeed {
    Required,
    Optional,
}

/// An endpoint in OpenAI's dialect that configurations can name by its kind.
#[derive(Debug)]
pub(crate) struct Vendor {
    /// The provider kind, as configurations name it.
    pub(crate) kind: &'static str,
    /// What the paths of the endpoints are appended to, without a trailing slash; a loopback address for software that
    /// people run themselves, at the port it listens on when not told otherwise.
    pub(crate) base_url: &'static str,
    pub(crate) key: KeyNeed,
    pub(crate) capabilities: Capabilities,
    /// The vendor's own page about it: where to look when a row is in doubt.
    #[cfg_attr(not(test), expect(dead_code, reason = "for readers of the table; the tests see that no row lacks it"))]
    pub(crate) source: &'static str,
}

/// The row of a kind.
pub(crate) fn vendor(kind: &str) -> Option<&'static Vendor> {
    VENDORS.iter().find(|vendor| vendor.kind == kind)
}

/// The vendor whose OpenAI-compatible answers leave thoughts out of `completion_tokens`, count them in `total_tokens` and
/// have no details: <https://discuss.ai.google.dev/t/question-with-usage-in-openai-compatibility/98760>.
pub(crate) const HIDES_REASONING: &str = "gemini";

const NOTHING: Capabilities =
    Capabilities { stream_options: false, embeddings: false, models: false, responses: false };

/// `kind key base_url [capabilities] source;`, where a capability is a field of [`Capabilities`].
macro_rules! vendors {
    ($($kind:literal $key:ident $base_url:literal [$($offer:ident)*] $source:literal;)*) => {
        &[$(Vendor {
            kind: $kind,
            base_url: $base_url,
            key: KeyNeed::$key,
            capabilities: {
                #[allow(clippy::needless_update, reason = "some vendors offer everything")]
                let offered = Capabilities { $($offer: true,)* ..NOTHING };
                offered
            },
            source: $source,
        }),*]
    };
}

pub(crate) const VENDORS: &[Vendor] = vendors! {
    // Software that people run themselves.

    // Embeddings need `--embeddings` and a model with pooling.
    "llama_cpp" Optional "http://127.0.0.1:8080/v1" [stream_options embeddings models responses]
        "https://github.com/ggml-org/llama.cpp/blob/master/tools/server/README.md";
    // A proxy: what an endpoint can do depends on what stands behind it.
    "litellm" Optional "http://127.0.0.1:4000/v1" [stream_options embeddings models responses]
        "https://docs.litellm.ai/docs/supported_endpoints";
    "lm_studio" Optional "http://127.0.0.1:1234/v1" [stream_options embeddings models responses]
        "https://lmstudio.ai/docs/developer/openai-compat";
    // Responses are stateless: no `previous_response_id`.
    "ollama" Optional "http://127.0.0.1:11434/v1" [stream_options embeddings models responses]
        "https://docs.ollama.com/api/openai-compatibility";
    "sglang" Optional "http://127.0.0.1:30000/v1" [stream_options embeddings models responses]
        "https://github.com/sgl-project/sglang/blob/main/python/sglang/srt/entrypoints/openai/protocol.py";
    "vllm" Optional "http://127.0.0.1:8000/v1" [stream_options embeddings models responses]
        "https://docs.vllm.ai/en/stable/serving/openai_compatible_server/";

    // Services.

    // Model APIs; dedicated deployments have addresses of their own.
    "baseten" Required "https://inference.baseten.co/v1" [stream_options models]
        "https://docs.baseten.co/reference/inference-api/chat-completions";
    "cerebras" Required "https://api.cerebras.ai/v1" [stream_options models]
        "https://inference-docs.cerebras.ai/resources/openai";
    // Singapore. A key works in its own region only; the others are `dashscope.aliyuncs.com` (Beijing) and
    // `dashscope-us.aliyuncs.com` (Virginia).
    "dashscope" Required "https://dashscope-intl.aliyuncs.com/compatible-mode/v1" [stream_options embeddings responses]
        "https://www.alibabacloud.com/help/en/model-studio/qwen-api-reference";
    // Usage comes with the chunk that has the finish reason, unasked.
    "deepinfra" Required "https://api.deepinfra.com/v1/openai" [embeddings models]
        "https://deepinfra.com/docs/openai_api";
    // Documented without a version segment.
    "deepseek" Required "https://api.deepseek.com" [stream_options models]
        "https://api-docs.deepseek.com/api/create-chat-completion";
    // Usage comes with the last chunk, unasked.
    "fireworks" Required "https://api.fireworks.ai/inference/v1" [embeddings models responses]
        "https://docs.fireworks.ai/tools-sdks/openai-compatibility";
    "gemini" Required "https://generativelanguage.googleapis.com/v1beta/openai" [stream_options embeddings models]
        "https://ai.google.dev/gemini-api/docs/openai";
    "groq" Required "https://api.groq.com/openai/v1" [stream_options models responses]
        "https://console.groq.com/docs/api-reference";
    // Routes to other vendors; responses are in beta.
    "huggingface" Required "https://router.huggingface.co/v1" [stream_options models responses]
        "https://huggingface.co/docs/inference-providers/tasks/chat-completion";
    // Usage comes with the last chunk, unasked; `stream_options.include_usage` is refused with 422.
    "mistral" Required "https://api.mistral.ai/v1" [embeddings models]
        "https://docs.mistral.ai/api";
    // The international platform; keys of `api.moonshot.cn` do not work here.
    "moonshot" Required "https://api.moonshot.ai/v1" [stream_options models]
        "https://platform.moonshot.ai/docs/api/chat";
    "novita" Required "https://api.novita.ai/openai/v1" [stream_options embeddings models]
        "https://novita.ai/docs/api-reference/model-apis-llm-create-chat-completion";
    // Older vision models refuse `stream_options`.
    "nvidia" Required "https://integrate.api.nvidia.com/v1" [stream_options embeddings models]
        "https://docs.api.nvidia.com/nim/reference";
    // Usage comes with the last chunk, unasked; `stream_options` has no effect and is going to be removed.
    "openrouter" Required "https://openrouter.ai/api/v1" [embeddings models responses]
        "https://openrouter.ai/docs/use-cases/usage-accounting";
    // Chat stands below no version segment; `/v1/responses` and `/v1/embeddings` do. Usage comes unasked.
    "perplexity" Required "https://api.perplexity.ai" []
        "https://docs.perplexity.ai/api-reference/chat-completions-post";
    // Responses are stateless: no `previous_response_id`.
    "sambanova" Required "https://api.sambanova.ai/v1" [stream_options embeddings models responses]
        "https://docs.sambanova.ai/docs/api-reference/chat-completions/create-chat-based-completion";
    // Usage comes with the last chunk, unasked.
    "together" Required "https://api.together.ai/v1" [embeddings models]
        "https://docs.together.ai/docs/inference/openai-compatibility";
    "xai" Required "https://api.x.ai/v1" [stream_options models responses]
        "https://docs.x.ai/developers/rest-api-reference";
};

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a failed test is the report")]

    use std::collections::HashSet;

    use url::{Host, Url};

    use super::*;

    #[test]
    fn kinds_are_unique_and_snake_case() {
        let kinds: HashSet<_> = VENDORS.iter().map(|vendor| vendor.kind).collect();
        assert_eq!(kinds.len(), VENDORS.len());
        for kind in kinds {
            assert!(kind.starts_with(|first: char| first.is_ascii_lowercase()), "{kind}");
            assert!(kind.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_'), "{kind}");
        }
    }

    #[test]
    fn base_urls_are_https_or_loopback_and_have_no_trailing_slash() {
        for Vendor { kind, base_url, .. } in VENDORS {
            let url = Url::parse(base_url).unwrap();
            let loopback = matches!(url.host(), Some(Host::Ipv4(address)) if address.is_loopback());
            assert_eq!(url.scheme(), if loopback { "http" } else { "https" }, "{kind}");
            assert!(!base_url.ends_with('/'), "{kind}");
            assert!(url.query().is_none() && url.fragment().is_none() && url.username().is_empty(), "{kind}");
        }
    }

    #[test]
    fn only_what_people_run_themselves_works_without_a_key() {
        for Vendor { kind, base_url, key, .. } in VENDORS {
            assert_eq!(*key == KeyNeed::Optional, base_url.starts_with("http://"), "{kind}");
        }
    }

    #[test]
    fn every_row_has_a_source() {
        for Vendor { kind, source, .. } in VENDORS {
            assert!(Url::parse(source).is_ok_and(|url| url.scheme() == "https"), "{kind}");
        }
    }

    #[test]
    fn a_vendor_is_found_by_its_kind() {
        let groq = vendor("groq").unwrap();
        assert_eq!(groq.base_url, "https://api.groq.com/openai/v1");
        let offered = Capabilities { stream_options: true, models: true, responses: true, ..NOTHING };
        assert_eq!(groq.capabilities, offered);
        assert!(vendor("Groq").is_none());
    }
}
