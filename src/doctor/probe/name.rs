//! From a name to addresses, over the system's resolver.

use std::net::SocketAddr;
use std::time::Duration;

use tokio::net::lookup_host;
use tokio::time::{sleep, timeout};

use crate::doctor::findings::Name;

/// How long a name may take to become an address, both times together.
const NAME_MAX: Duration = Duration::from_secs(3);
/// When the resolver is asked once more: with a lost packet it waits for 5 s before it asks again itself.
const AGAIN_AFTER: Duration = Duration::from_millis(1_200);

/// The addresses of a host (a name, or an address without brackets), in the order of the system; or what became of its name.
pub(super) async fn addresses(host: String, port: u16) -> Result<Vec<SocketAddr>, Name> {
    let place = (host, port);
    let once_more = async {
        sleep(AGAIN_AFTER).await;
        lookup_host(place.clone()).await.map(Vec::from_iter)
    };
    let first = async { lookup_host(place.clone()).await.map(Vec::from_iter) };
    let either = async {
        tokio::select! {
            found = first => found,
            found = once_more => found,
        }
    };
    match timeout(NAME_MAX, either).await {
        Err(_) => Err(Name::Late),
        Ok(Ok(found)) if !found.is_empty() => Ok(found),
        Ok(_) => Err(Name::Unknown),
    }
}
