//! What the log promises, on a small log that goes the whole way from the first officer to a
//! delivered key.

#[cfg(test)]
mod command;
#[cfg(test)]
mod folder;
#[cfg(test)]
mod receipts;
#[cfg(test)]
mod standing;
#[cfg(test)]
mod story;
