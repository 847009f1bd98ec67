//! Configuration as facts: hops, the links between them, what filters traffic on the way, and the
//! settings of each with the place where they were written or the reason why they hold unwritten.
//!
//! Readers of configuration fill these types, rules read them. Nothing here knows a product's
//! grammar, and nothing here knows a cause.

mod bearing;
mod describe;
mod edit;
mod graphql;
mod hop;
mod key;
mod network;
mod prediction;
mod revisions;
mod setting;
mod system;
mod updates;

pub use bearing::{Bearing, Bears, Cited, FileLine, Happened, ReadBeside};
pub use edit::{Edit, Notation, Slot};
pub use graphql::{
    Argument, Field, GraphQl, GraphQlType, GraphQlTypeKind, GraphQlValue, Operation, Selection,
    TypeRef, Wrap,
};
pub use hop::{Check, CheckKind, Found, Hop, HopId, Link, LinkId, Listen, Product, Route, Task};
pub use key::Key;
pub use network::{
    Cidr, Direction, Filter, FilterId, FilterKind, FilterRule, Peer, RouteEntry, Subnet, SubnetId,
    Via,
};
pub use prediction::{
    Checked, Confidence, Finding, Guard, Ignored, Order, PlaceOf, Prediction, Rule, Severity,
    Shape, Site, Term,
};
pub use revisions::Revisions;
pub use setting::{FileId, KnownDefault, Origin, Setting, Settings, Span, Value};
pub use system::{Remark, Source, System};
pub use updates::{ChangedDefault, Update};
