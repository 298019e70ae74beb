//! Positions in the raw instance, each its own type.

macro_rules! index_type {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub u32);

        impl $name {
            /// The position as an array index.
            #[must_use]
            #[inline]
            pub const fn at(self) -> usize {
                self.0 as usize
            }

            /// The index at an array position.
            ///
            /// # Panics
            /// When the position exceeds 2^32, which no list in memory here reaches.
            #[must_use]
            pub fn new(position: usize) -> $name {
                $name(u32::try_from(position).expect("lists of the raw instance stay below 2^32"))
            }
        }
    };
}

index_type!(
    /// A job class: jobs equal in all but id.
    JobClassIndex
);
index_type!(
    /// A tile group: tiles of one cell that a plan cannot tell apart.
    GroupIndex
);
index_type!(
    /// A tile, in the order of the raw instance.
    TileIndex
);
index_type!(
    /// An account above the tiles that limits something.
    AccountIndex
);
