#![doc = include_str!("../README.md")]

mod callback;
mod connection;
mod content;
mod control;
mod faults;
mod graph;
mod ids;
mod ledger;
mod limits;
mod media;
mod numbers;
mod phone;
mod plan;
mod samples;
mod server;
mod settings;
mod shared;
mod templates;
mod wire;
mod world;

pub use control::views::{Attempt, InboundResult, LimitsView, StateView, StatusesView};
pub use control::{
    AccountChange, Control, ControlError, Forwarded, Inbound, InboundKind, InboundMedium, NumberChange, OrderItem,
    PhoneChange, RawCallback, Referral, SignatureChoice, TemplateChange,
};
pub use faults::{Fault, FaultRule, Refusal};
pub use ledger::{LedgerEntry, LedgerMessage};
pub use limits::{LimitSettings, Stopped};
pub use media::{LinkPolicy, MediaFault, MediaFaultRule, NewMedium};
pub use numbers::ThroughputLevel;
pub use plan::{Status, StatusPlan};
pub use samples::{MediumFile, MediumKind};
pub use server::{Simulator, StartError};
pub use settings::{BusinessNumber, Customer, SimulatorSettings};
pub use wire::{Direction, WireEntry};
