//! campaign-core
