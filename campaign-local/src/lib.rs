//! campaign-local
