//! CPU time of a process, told apart by thread: the gateway's own threads (recorder and store), and all others.

use std::fs;

/// Microseconds on a CPU so far.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Cpu {
    pub(crate) callers: f64,
    pub(crate) gateway: f64,
}

impl Cpu {
    pub(crate) fn now() -> Self {
        Self::of("self")
    }

    /// That of another process.
    pub(crate) fn of(process: &str) -> Self {
        let mut cpu = Self::default();
        for task in fs::read_dir(format!("/proc/{process}/task")).expect("/proc").flatten() {
            let read = |file: &str| fs::read_to_string(task.path().join(file)).unwrap_or_default();
            let micros =
                read("schedstat").split(' ').next().and_then(|nanos| nanos.parse::<f64>().ok()).unwrap_or_default()
                    / 1e3;
            if read("comm").starts_with("libgateway") || read("comm").starts_with("gateway-sql") {
                cpu.gateway += micros;
            } else {
                cpu.callers += micros;
            }
        }
        cpu
    }

    pub(crate) fn since(self, earlier: Self) -> Self {
        Self { callers: self.callers - earlier.callers, gateway: self.gateway - earlier.gateway }
    }
}

impl std::ops::AddAssign for Cpu {
    fn add_assign(&mut self, other: Self) {
        self.callers += other.callers;
        self.gateway += other.gateway;
    }
}

/// Resident memory in bytes.
pub(crate) fn resident() -> f64 {
    resident_of("self")
}

/// That of another process.
pub(crate) fn resident_of(process: &str) -> f64 {
    let status = fs::read_to_string(format!("/proc/{process}/status")).expect("/proc");
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).expect("VmRSS");
    line.trim().trim_end_matches(" kB").parse::<f64>().expect("a number") * 1024.0
}
