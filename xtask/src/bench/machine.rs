//! Description of the machine of the benchmarks.

use std::fs;
use std::thread::available_parallelism;

use anyhow::{Context as _, Result};

use crate::command::output;

/// Cores, processor, memory, kernel and Rust version.
pub(super) fn describe() -> Result<String> {
    let cores = available_parallelism()?;
    let cpu = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let memory = fs::read_to_string("/proc/meminfo").context("only Linux can be measured")?;
    let kernel = fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    let rust = output(std::process::Command::new("rustc").arg("--version")).unwrap_or_default();
    Ok(format!(
        "{cores} cores ({}), {} GiB of memory, Linux {}, {}",
        model(&cpu).unwrap_or("processor unknown"),
        gibibytes(&memory).context("/proc/meminfo without MemTotal")?,
        kernel.trim(),
        rust.trim()
    ))
}

fn model(cpuinfo: &str) -> Option<&str> {
    let line = cpuinfo
        .lines()
        .find(|line| line.starts_with("model name"))?;
    line.split_once(':').map(|(_, name)| name.trim())
}

/// Memory in GiB, rounded to the nearest because the kernel reserves some.
fn gibibytes(meminfo: &str) -> Option<u64> {
    let line = meminfo
        .lines()
        .find_map(|line| line.strip_prefix("MemTotal:"))?;
    let kib: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some((kib + (1 << 19)) >> 20)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cpu_model_and_memory_are_parsed() {
        let cpu = "processor\t: 0\nmodel name\t: A Processor @ 2 GHz\n";
        assert_eq!(model(cpu), Some("A Processor @ 2 GHz"));
        assert_eq!(gibibytes("MemTotal:       24576000 kB\n"), Some(23));
        assert_eq!(gibibytes("nothing"), None);
    }
}
