//! `release`: one file that is all of Tidings.

use anyhow::Result;

use crate::command::run;
use crate::page;
use crate::step::Steps;
use crate::workspace::Workspace;

/// Builds the page, then the server with the page inside, and says where it is and how large.
pub(crate) fn release(workspace: &Workspace, steps: &mut Steps) -> Result<()> {
    page::build(workspace, steps)?;
    steps.step("build the server with the page inside", || {
        let mut build = workspace.cargo();
        build.args([
            "build",
            "--release",
            "--package",
            "tidings-server",
            "--bin",
            "tidings",
            "--features",
            "embedded-page",
        ]);
        run(&mut build, "see the compiler's message above")
    })?;
    steps.print_summary();
    let binary = workspace.server("release");
    let bytes = binary.metadata()?.len();
    println!(
        "\n    {} is {}.{} MiB and needs no other file",
        binary.display(),
        bytes >> 20,
        ((bytes % (1 << 20)) * 10) >> 20
    );
    Ok(())
}
