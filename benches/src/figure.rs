//! One figure as a line of JSON.

use std::fmt;

use serde_json::json;

/// What a ratio must be.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Goal {
    /// `ours / peer` is at most this.
    AtMost(f64),
    /// `peer / ours` is at least this.
    AtLeast(f64),
    /// `ours / peer` is 1, give or take this.
    Near(f64),
    /// Ours alone is at most this, in the figure's unit.
    Within(f64),
}

/// A measured value beside a peer's.
#[derive(Debug, Clone)]
pub(crate) struct Figure {
    item: String,
    unit: &'static str,
    ours: f64,
    peer: Option<(f64, String)>,
    goal: Option<Goal>,
}

impl Figure {
    pub(crate) fn new(item: impl Into<String>, unit: &'static str, ours: f64) -> Self {
        Self { item: item.into(), unit, ours, peer: None, goal: None }
    }

    /// The same beside `peer`.
    pub(crate) fn beside(mut self, name: impl Into<String>, peer: f64) -> Self {
        self.peer = Some((peer, name.into()));
        self
    }

    pub(crate) fn goal(mut self, goal: Goal) -> Self {
        self.goal = Some(goal);
        self
    }

    /// By the goal's own direction; without a goal how many times the peer's ours is.
    fn ratio(&self) -> Option<f64> {
        let (peer, _) = self.peer.as_ref()?;
        Some(if matches!(self.goal, Some(Goal::AtLeast(_))) { peer / self.ours } else { self.ours / peer })
    }

    /// Whether the goal is met; `None` without one.
    pub(crate) fn met(&self) -> Option<bool> {
        // What could not be compared is not met.
        Some(match self.goal? {
            Goal::AtMost(most) => self.ratio().is_some_and(|ratio| ratio <= most),
            Goal::AtLeast(least) => self.ratio().is_some_and(|ratio| ratio >= least),
            Goal::Near(off) => self.ratio().is_some_and(|ratio| (ratio - 1.0).abs() <= off),
            Goal::Within(most) => self.ours <= most,
        })
    }
}

impl fmt::Display for Figure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let round = |value: f64, step: f64| (value * step).round() / step;
        let goal = self.goal.map(|goal| match goal {
            Goal::AtMost(most) => format!("ours <= {most} x peer"),
            Goal::AtLeast(least) => format!("peer >= {least} x ours"),
            Goal::Near(off) => format!("peer x {} <= ours <= {} x peer", 1.0 - off, 1.0 + off),
            Goal::Within(most) => format!("ours <= {most}"),
        });
        let line = json!({
            "item": self.item,
            "unit": self.unit,
            "ours": round(self.ours, 10.0),
            "peer": self.peer.as_ref().map(|(peer, _)| round(*peer, 10.0)),
            "peer_name": self.peer.as_ref().map(|(_, name)| name),
            "ratio": self.ratio().map(|ratio| round(ratio, 1000.0)),
            "goal": goal,
            "met": self.met(),
        });
        write!(f, "{line}")
    }
}
