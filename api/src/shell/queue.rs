//! The queues in which events and reads wait to be applied, and which waits in which.

use std::fmt;

use lessor_engine::authority::Event;
use lessor_models::job::ServiceClass;

/// A queue. They are served in this order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Queue {
    /// Requests of class A, and what operators, planes and protected things say: it makes room or keeps the fleet safe.
    A,
    /// Requests of class B.
    B,
    /// What holders do with leases that they have, of whatever class. It has a queue of its own, for the class of a lease is
    /// known only where it lies: no flood of requests of class C or D keeps a lease of class A from being renewed.
    Held,
    /// Requests of class C, and reads.
    C,
    /// Requests of class D.
    D,
}

impl Queue {
    /// How many there are.
    pub const COUNT: usize = 5;

    /// Its place in the order, from 0.
    pub(super) const fn position(self) -> usize {
        self as usize
    }

    /// The queue of an event.
    pub(super) fn of(event: &Event) -> Queue {
        match event {
            Event::Request(request) => Queue::of_class(request.class),
            Event::Revoke { .. }
            | Event::ConfirmFence { .. }
            | Event::Plane(_)
            | Event::Drain { .. }
            | Event::Floors { .. }
            | Event::FloorShares { .. }
            | Event::Retain(_)
            | Event::Tick => Queue::A,
            Event::Renew(_) | Event::Release { .. } | Event::Checkpoint { .. } => Queue::Held,
        }
    }

    /// The queue of what asks with a class.
    pub(super) fn of_class(class: ServiceClass) -> Queue {
        match class {
            ServiceClass::A => Queue::A,
            ServiceClass::B => Queue::B,
            ServiceClass::C => Queue::C,
            ServiceClass::D => Queue::D,
        }
    }
}

impl fmt::Display for Queue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Queue::A => "A",
            Queue::B => "B",
            Queue::Held => "HELD",
            Queue::C => "C",
            Queue::D => "D",
        })
    }
}
