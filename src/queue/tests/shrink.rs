//! A story that fails, made as short as can be.

use std::ops::Range;

use super::story::{Op, Story};

impl Story {
    /// The same without steps that it does not need to fail, and with picks of what comes first.
    pub fn minimal(mut self, fails: impl Fn(&Self) -> bool) -> Self {
        loop {
            self = self.shortest(&fails);
            let length = self.len();
            for (at, pick) in (0..self.ops.len()).flat_map(|at| (0..8).map(move |pick| (at, pick))) {
                let mut simpler = self.clone();
                let changed = simpler.ops[at].pick().is_some_and(|own| std::mem::replace(own, pick) > pick);
                if changed && fails(&simpler) {
                    self = simpler;
                }
            }
            self = self.shortest(&fails);
            if self.len() == length {
                return self;
            }
        }
    }

    /// Parts of any length are left out until none can be.
    fn shortest(mut self, fails: &impl Fn(&Self) -> bool) -> Self {
        let mut length = self.len();
        while length > 0 {
            let before = self.len();
            for at in (0..before).rev() {
                let shorter = self.without(at..at + length);
                if shorter.len() < self.len() && fails(&shorter) {
                    self = shorter;
                }
            }
            // What was left out may make longer parts needless.
            length = if self.len() < before { self.len().min(2 * length) } else { length / 2 };
        }
        self
    }

    fn len(&self) -> usize {
        self.ops.len() + self.batch.len()
    }

    fn without(&self, part: Range<usize>) -> Self {
        let keep = |ops: &[Op], from: usize| {
            let kept = ops.iter().enumerate().filter(|(at, _)| !part.contains(&(from + at)));
            kept.map(|(_, op)| op.clone()).collect()
        };
        let (ops, batch) = (keep(&self.ops, 0), keep(&self.batch, self.ops.len()));
        Self { ops, batch, ..self.clone() }
    }
}

impl Op {
    fn pick(&mut self) -> Option<&mut usize> {
        match self {
            Self::Webhook { pick, .. }
            | Self::DropRunWebhook { pick }
            | Self::Deliver { pick, .. }
            | Self::Progress { pick, .. }
            | Self::Rerun { pick }
            | Self::Gone { pick }
            | Self::Lift { pick } => Some(pick),
            _ => None,
        }
    }
}
