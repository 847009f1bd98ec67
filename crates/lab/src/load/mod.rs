//! The open-loop load generator: arrivals by the clock, errors by mechanism.
