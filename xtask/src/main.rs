//! What a developer of why502 repeats, as `cargo xtask <subcommand>`: one module per subcommand,
//! this file only dispatches.

mod bench;
mod clock;
mod differential;
mod docs;
mod drills;
mod examples;
mod fuzz;
mod generate;
mod layers;
mod machine;
mod random;
#[path = "../../crates/dialects/tests/samples/mod.rs"]
mod samples;
mod test;
mod text;

use anyhow::Result;
use clap::{Parser, Subcommand};

/// Developer tasks of why502.
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
struct Cli {
    #[command(subcommand)]
    task: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Write an access log of any size: same arguments, same bytes.
    Generate(generate::Options),
    /// Everything that has to hold before a change lands.
    Test,
    /// Install the servers that the drills run, where this machine allows it.
    Machine,
    /// Run the drills of this machine and record what came of them in docs/drills.md.
    Drills(drills::Options),
    /// Write the pages that are made from the source.
    Docs {
        /// Only say which are stale
        #[arg(long)]
        check: bool,
    },
    /// Check that crates import only what their layer allows.
    Layers,
    /// Measure speed and memory against their goals.
    Bench(bench::Options),
    /// Try the readers on altered samples: no panic, no hang, no growth, the same whatever the cuts.
    Fuzz(fuzz::Options),
    /// Hold the readers of ALB, nginx, httpd and VPC flow logs against another project's, on
    /// generated lines.
    Differential(differential::Options),
    /// How fast each dialect reads, measured in the release build: `bench dialects`.
    #[command(hide = true)]
    DialectSpeeds(bench::Speeds),
    /// The least work that touches every byte of a log: what `bench` compares with.
    #[command(hide = true)]
    Yardstick(bench::Yardstick),
    /// Write the synthetic examples again (examples/nginx-node is captured by its own script).
    Examples(examples::Options),
}

fn main() -> Result<()> {
    match Cli::parse().task {
        Task::Generate(options) => generate::run(&options),
        Task::Test => test::run(),
        Task::Machine => {
            test::servers();
            Ok(())
        }
        Task::Drills(options) => drills::run(&options),
        Task::Docs { check } => docs::run(check),
        Task::Layers => layers::check(),
        Task::Bench(options) => bench::run_bench(&options),
        Task::Fuzz(options) => fuzz::run(&options),
        Task::Differential(options) => differential::run(&options),
        Task::DialectSpeeds(options) => bench::dialect_speeds(&options),
        Task::Yardstick(options) => bench::measure(&options),
        Task::Examples(options) => examples::run(&options),
    }
}
