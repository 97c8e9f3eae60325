//! campaign-tablestore
