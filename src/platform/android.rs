//! What Android tells only to Java, and `android/MainActivity.kt` tells us.
//!
//! The activity sets the environment before `main` begins (`KITH_HOME`, `TMPDIR`, `SSL_CERT_DIR`), so that the rest of Kith
//! asks for its places as on any other system; what comes later comes through here.

use jni::JNIEnv;
use jni::objects::{JObject, JString};

use super::opened;

/// `MainActivity.opened`: a link was opened elsewhere. The name is how Java's virtual machine finds it.
// Unsafe only in that no other function of the program may have this name.
#[allow(unsafe_code, non_snake_case)]
#[unsafe(no_mangle)]
pub extern "system" fn Java_dev_dioxus_main_MainActivity_opened(
    mut env: JNIEnv<'_>,
    _: JObject<'_>,
    link: JString<'_>,
) {
    match env.get_string(&link) {
        Ok(link) => opened::offer(link.into()),
        Err(error) => tracing::warn!(%error, "a link that was opened cannot be read"),
    }
}
