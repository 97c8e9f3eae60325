//! campaign-client
