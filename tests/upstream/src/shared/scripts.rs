//! Which script answers a request: the first in the queue that is for it, then
//! a fallback with a condition, then one without, then the persona.

use std::collections::VecDeque;
use std::sync::Arc;

use crate::control::Scripts;
use crate::http::{Asked, Request};
use crate::persona::Context;
use crate::plan::Plan;
use crate::render;
use crate::script::{Route, Script};

/// The scripts to play.
#[derive(Debug, Default)]
pub(crate) struct Playlist {
    queue: VecDeque<Entry>,
    fallback: Vec<Entry>,
}

/// The script chosen for a request.
#[derive(Debug, Clone)]
pub(crate) enum Choice {
    /// The same bytes for every request.
    Ready(Arc<Plan>),
    /// Depends on the request.
    Script(Arc<Script>),
    /// There is none.
    Persona,
}

#[derive(Debug)]
struct Entry {
    route: Option<Route>,
    choice: Choice,
}

impl Playlist {
    pub(crate) fn load(&mut self, scripts: Scripts) {
        self.queue.extend(scripts.queue.into_iter().map(Entry::new));
        for script in scripts.fallback {
            let entry = Entry::new(script);
            self.fallback.retain(|old| old.route != entry.route);
            self.fallback.push(entry);
        }
    }

    pub(crate) fn queued(&self) -> u64 {
        u64::try_from(self.queue.len()).unwrap_or(u64::MAX)
    }

    pub(crate) fn choose(&mut self, request: &Request) -> Choice {
        let queued = self.queue.iter().position(|entry| entry.is_for(request));
        if let Some(entry) = queued.and_then(|at| self.queue.remove(at)) {
            return entry.choice;
        }
        let routed = self.fallback.iter().rfind(|entry| entry.route.is_some() && entry.is_for(request));
        routed
            .or_else(|| self.fallback.iter().find(|entry| entry.route.is_none()))
            .map_or(Choice::Persona, |entry| entry.choice.clone())
    }
}

impl Entry {
    fn new(script: Script) -> Self {
        let route = script.route.clone();
        let choice = if render::is_constant(&script) {
            let asked = Asked::default();
            let nothing = Context { method: "", path: "", asked: &asked, seq: 0 };
            Choice::Ready(Arc::new(Plan::new(&script, &nothing)))
        } else {
            Choice::Script(Arc::new(script))
        };
        Self { route, choice }
    }

    fn is_for(&self, request: &Request) -> bool {
        let Some(route) = &self.route else {
            return true;
        };
        let holds = |wanted: &Option<String>, check: &dyn Fn(&str) -> bool| wanted.as_deref().is_none_or(check);
        holds(&route.path_prefix, &|prefix| request.path.starts_with(prefix))
            && holds(&route.method, &|method| request.method == method)
            && holds(&route.model, &|model| request.asked().model.as_deref() == Some(model))
    }
}
