/// In which order a source hands its records over, and what a failed one means for those behind it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BatchOrder {
    /// In none: each record fails for itself.
    None,
    /// As a FIFO queue has them: whatever is behind a failed one goes back too, done or not, and what is done comes again
    /// as a repetition
    /// (<https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html>).
    Fifo,
    /// As a stream has them: everything from the lowest failed sequence number on comes again
    /// (<https://docs.aws.amazon.com/lambda/latest/dg/services-kinesis-batchfailurereporting.html>).
    Stream,
}
