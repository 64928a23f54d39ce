//! The command line.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use waypost::commands::bench::BenchOptions;
use waypost::commands::demo::DemoOptions;
use waypost::commands::{bench, check_config, demo, serve};
use waypost::config::{Config, REFERENCE};
use waypost::telemetry;

/// WhatsApp business messaging, self-hosted.
#[derive(Debug, Parser)]
#[command(name = "waypost", version)]
struct Cli {
    /// Configuration file; without it ./waypost.toml, if there is one
    #[arg(long, global = true, value_name = "FILE")]
    config: Option<PathBuf>,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run the server
    Serve,
    /// Make the first account, its administrator and an access token
    Setup {
        /// Name of the account
        #[arg(long)]
        account: String,
        /// E-mail address of the administrator
        #[arg(long)]
        email: String,
        /// Send to the sandbox until the account is switched to live
        #[arg(long)]
        sandbox: bool,
    },
    /// Run server, simulator and sample data on this machine, with no account anywhere
    Demo {
        /// Where the server listens
        #[arg(long, default_value = "127.0.0.1:8480")]
        listen: SocketAddr,
        /// Keep the data here; otherwise it goes away with the demo
        #[arg(long, value_name = "DIR")]
        data: Option<PathBuf>,
        /// Use this PostgreSQL database instead of the embedded one
        #[arg(long, value_name = "URL")]
        database_url: Option<String>,
        /// Write one JSON object for scripts, once everything runs
        #[arg(long, value_name = "FILE")]
        info: Option<PathBuf>,
    },
    /// Say what is configured, from where, and what is missing
    CheckConfig {
        /// For programs
        #[arg(long)]
        json: bool,
        /// Print the reference with every key and its default
        #[arg(long)]
        reference: bool,
    },
    /// Measure a server of this build on this machine, with the load beside it; see docs/benchmarks.md
    Bench(BenchOptions),
    /// The server that `bench ceiling` measures
    #[command(hide = true)]
    BenchCeilingServer,
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    match run(cli) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("waypost: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(cli: Cli) -> anyhow::Result<ExitCode> {
    if let Command::CheckConfig { json, reference } = cli.command {
        return check(cli.config, json, reference);
    }
    if let Command::Bench(options) = &cli.command {
        bench::run(options)?;
        return Ok(ExitCode::SUCCESS);
    }
    let config = Config::load_for_process(cli.config.as_deref())?;
    telemetry::init(&config.log)?;
    for warning in config.warnings() {
        tracing::warn!(code = warning.code, "{}", warning.text);
    }
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async {
        match cli.command {
            Command::Serve => serve::serve(config).await,
            Command::Setup { account, email, sandbox } => serve::setup(config, &account, &email, sandbox).await,
            Command::Demo { listen, data, database_url, info } => {
                demo::run(DemoOptions { listen, data, database_url, info }).await
            }
            Command::BenchCeilingServer => bench::ceiling_server(config).await,
            Command::CheckConfig { .. } | Command::Bench(_) => Ok(()),
        }
    })?;
    Ok(ExitCode::SUCCESS)
}

fn check(file: Option<PathBuf>, json: bool, reference: bool) -> anyhow::Result<ExitCode> {
    if reference {
        print!("{REFERENCE}");
        return Ok(ExitCode::SUCCESS);
    }
    let (report, ok) = match Config::load_for_process(file.as_deref()) {
        Ok(config) if json => check_config::run_json(&config)?,
        Ok(config) => check_config::run(&config),
        Err(error) if json => check_config::refused_json(&error)?,
        Err(error) => (error.to_string(), false),
    };
    println!("{report}");
    Ok(if ok { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
