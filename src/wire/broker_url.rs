//! stub until the broker branch lands
/// x
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BrokerUrl(String);
impl BrokerUrl {
    /// x
    /// # Errors
    /// x
    pub fn parse(t: &str) -> Result<Self, std::fmt::Error> {
        Ok(Self(t.to_owned()))
    }
    /// x
    #[must_use]
    pub fn is_loopback(&self) -> bool {
        self.0.contains("127.0.0.1")
    }
}
impl std::fmt::Display for BrokerUrl {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}
