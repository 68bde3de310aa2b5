//! The mock upstream in a process of its own, and the requests it is sent.

use std::{
    io::{BufRead as _, BufReader, Read as _},
    process::{Child, Command, Stdio},
};

use serde_json::{Value, json};
use upstream::{Options, Recording, Script, Upstream};

/// The other process, until it is dropped.
pub(crate) struct Server {
    process: Child,
    pub(crate) url: String,
}

impl Server {
    pub(crate) fn start(script: &str) -> Self {
        let mut process = Command::new(std::env::current_exe().expect("this program"))
            .args(["serve-upstream", script])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("the upstream's process");
        let mut url = String::new();
        BufReader::new(process.stdout.take().expect("its output")).read_line(&mut url).expect("its address");
        share_one_processor("-apc", process.id());
        Self { process, url: url.trim().to_owned() }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.process.stdin.take());
        drop(self.process.wait());
    }
}

/// Puts a thread (`-pc`), or a process with all its threads (`-apc`), on the first processor.
pub(crate) fn share_one_processor(which: &str, id: u32) {
    let done = Command::new("taskset").args([which, "0", &id.to_string()]).stdout(Stdio::null()).status();
    assert!(done.is_ok_and(|status| status.success()), "taskset is missing; on Debian: apt-get install util-linux");
}

/// A chat of about 1 KB, streamed or not.
pub(crate) fn question(stream: bool) -> String {
    let text = "How does a gateway that is linked instead of deployed save time? ".repeat(13);
    let mut body = json!({"model": "gpt-4o", "messages": [{"role": "system", "content": "You are brief."}, {"role": "user", "content": text}]});
    if stream {
        body["stream"] = json!(true);
        body["stream_options"] = json!({"include_usage": true});
    }
    body.to_string()
}

/// Answers with 1 KB, or with a stream of 256 chunks at once, until standard input ends.
pub(crate) fn serve(stream: bool) {
    let event = |delta: Value, finish: Value| {
        json!({"id": "chatcmpl-bench", "object": "chat.completion.chunk", "created": 1, "model": "gpt-4o-2024-08-06",
            "choices": [{"index": 0, "delta": delta, "finish_reason": finish}]})
    };
    let script = if stream {
        let mut events: Vec<Value> =
            (0..256).map(|number| event(json!({"content": format!(" token{number}")}), Value::Null)).collect();
        events.push(event(json!({}), json!("stop")));
        Script::sse(events).done()
    } else {
        let content = "It saves a hop, a process and a queue. ".repeat(20);
        Script::json(
            200,
            json!({"id": "chatcmpl-bench", "object": "chat.completion", "created": 1, "model": "gpt-4o-2024-08-06",
            "choices": [{"index": 0, "message": {"role": "assistant", "content": content}, "finish_reason": "stop"}],
            "usage": {"prompt_tokens": 200, "completion_tokens": 180, "total_tokens": 380}}),
        )
    };
    let upstream = Upstream::start_with(Options::default().recording(Recording::Off)).expect("an upstream");
    upstream.fallback(script);
    println!("{}", upstream.url());
    drop(std::io::stdin().read_to_end(&mut Vec::new()));
}
