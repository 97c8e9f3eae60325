//! Every Table Store operation under every fault of the matrix, through the real client.
