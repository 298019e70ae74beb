//! What fence keys protect: things that accept an effect under the highest token that they know, or a higher one.

use std::collections::BTreeMap;

use lessor_engine::authority::{FenceKey, Token};

/// All of them.
#[derive(Debug, Default)]
pub(super) struct Things {
    least: BTreeMap<FenceKey, Token>,
}

impl Things {
    /// An effect under a token; says whether it is accepted.
    pub(super) fn act(&mut self, key: FenceKey, token: Token) -> bool {
        let least = self.least.entry(key).or_default();
        let accepts = token >= *least;
        *least = token.max(*least);
        accepts
    }

    /// From now on a token, and every lower one, is refused.
    pub(super) fn fence(&mut self, key: FenceKey, token: Token) {
        let least = self.least.entry(key).or_default();
        *least = Token(token.0 + 1).max(*least);
    }
}
