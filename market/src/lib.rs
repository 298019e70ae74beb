//! Prices and settlement
