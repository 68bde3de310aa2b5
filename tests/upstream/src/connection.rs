//! One connection: request, answer, and again while both sides keep it open.

use std::sync::Arc;

use bytes::BytesMut;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;

use crate::answer::{Part, Progress, play};
use crate::control;
use crate::http::{Received, Request, read};
use crate::persona::Context;
use crate::plan::Plan;
use crate::record::Outcome;
use crate::script::Script;
use crate::shared::{Choice, Shared};

const BUFFER: usize = 16 * 1024;

/// Serves a connection until either side ends it.
pub(crate) async fn serve(mut stream: TcpStream, shared: Arc<Shared>) {
    let number = shared.connected();
    let end = exchange_all(&mut stream, &shared, number).await;
    match end {
        Next::Request | Next::Close => drain(&stream),
        // The reset itself happens when the socket is dropped.
        Next::Reset => drop(stream.set_zero_linger()),
    }
    drop(stream);
    shared.disconnected();
}

/// What comes after an answer.
enum Next {
    Request,
    Close,
    Reset,
}

async fn exchange_all(stream: &mut TcpStream, shared: &Arc<Shared>, number: u64) -> Next {
    // Without it only the timing differs.
    drop(stream.set_nodelay(true));
    let mut buffer = BytesMut::with_capacity(BUFFER);
    loop {
        let request = match read(stream, &mut buffer, shared.keep()).await {
            Received::Whole(request) => request,
            Received::Cut(request) => {
                shared.cut(&request, number);
                return Next::Close;
            }
            Received::Bad(problem) => {
                shared.bad_request();
                // A client that is gone needs no answer.
                drop(stream.write_all(&control::refusal(&problem)).await);
                return Next::Close;
            }
            Received::Closed => return Next::Close,
        };
        let next = if control::is_for(&request.path) {
            let answer = control::answer(shared, &request).await;
            match stream.write_all(&answer).await {
                Ok(()) => Next::Request,
                Err(_) => Next::Close,
            }
        } else {
            let (ticket, choice) = shared.begin(&request, number);
            let plan = plan(choice, &request, ticket.seq);
            let part = match request.method.as_str() {
                "HEAD" => Part::HeadOnly,
                _ => Part::All,
            };
            let (progress, outcome) = play(stream, &mut buffer, &plan, part).await;
            shared.end(&ticket, sent_status(&plan, &progress), &progress, outcome);
            after(outcome, &plan)
        };
        match next {
            Next::Request if request.keep_alive => {}
            Next::Request => return Next::Close,
            end => return end,
        }
    }
}

fn plan(choice: Choice, request: &Request, seq: u64) -> Arc<Plan> {
    let script = match choice {
        Choice::Ready(plan) => return plan,
        Choice::Script(script) => script,
        Choice::Persona => {
            let id = format!("req_{seq}");
            Arc::new(Script::persona().header("x-request-id", id))
        }
    };
    Arc::new(Plan::new(&script, &Context::new(request, seq)))
}

/// The status that went out, if any byte did.
fn sent_status(plan: &Plan, progress: &Progress) -> Option<u16> {
    progress.first_byte.map(|_| plan.status)
}

fn after(outcome: Outcome, plan: &Plan) -> Next {
    match outcome {
        Outcome::Complete if plan.keep_alive => Next::Request,
        Outcome::Reset => Next::Reset,
        _ => Next::Close,
    }
}

/// Reads what has come, since a close with unread bytes would be a reset.
fn drain(stream: &TcpStream) {
    let mut scratch = [0; 4096];
    while matches!(stream.try_read(&mut scratch), Ok(1..)) {}
}
