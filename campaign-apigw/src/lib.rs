//! campaign-apigw
