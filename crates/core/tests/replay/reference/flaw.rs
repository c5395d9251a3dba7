//! [`Flaw`]: deliberate faults of the reference, each of which the comparison must notice.

/// Declares the flaws, so that no flaw can be missing from the list that the tests go through.
macro_rules! flaws {
    ($($(#[$doc:meta])+ $name:ident,)+) => {
        /// A deliberate fault of the reference.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub(crate) enum Flaw {
            $($(#[$doc])+ $name,)+
        }

        impl Flaw {
            /// All flaws.
            pub(crate) const ALL: &[Self] = &[$(Self::$name),+];
        }
    };
}

flaws! {
    /// A stop fills at the extreme of its bar.
    StopAtExtreme,
    /// A purchase at the market is canceled where the bar opens more than five percent above the last close.
    Collar,
    /// Both exits of a bracket trade in full.
    DoubleExit,
    /// All owners together trade more than the bar's volume.
    VolumeOverrun,
    /// Costs take a fill out of its bar.
    OutOfRange,
    /// What arrives within a bar trades at prices that the bar had before.
    LookAhead,
    /// What a market order or stop could not trade in its bar is lost.
    LostRemainder,
    /// Purchases come before the sales that pay for them.
    PurchaseFirst,
}
