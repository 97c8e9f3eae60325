//! campaign-fc
