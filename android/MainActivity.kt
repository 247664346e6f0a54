// Kith's one activity: what Android tells only to Java, in words that the Rust side understands.
//
// dx copies this file beside the Kotlin of wry (the web view's library), whose WryActivity loads the Rust library, starts its
// `main` on a thread of its own in onCreate, and hands over the web view. It decides nothing about people or messages.
//
// The package is wry's and fixed: Rust's functions are named after it.
package dev.dioxus.main

import android.content.Intent
import android.os.Bundle
import android.system.Os
import android.view.View
import android.webkit.WebView
import androidx.activity.OnBackPressedCallback
import androidx.core.view.ViewCompat
import androidx.core.view.WindowInsetsCompat
import java.io.File
import kotlin.system.exitProcess

// wry's Kotlin asks for it under this name.
typealias BuildConfig = chat.kith.app.BuildConfig

class MainActivity : WryActivity() {
    private var page: WebView? = null

    // Back is ours: the page has no history to go back in.
    override val handleBackNavigation: Boolean = false

    override fun onCreate(savedInstanceState: Bundle?) {
        prepareEnvironment()
        super.onCreate(savedInstanceState)
        onBackPressedDispatcher.addCallback(this, goBack)
        keepClearOfBars()
        hand(intent)
    }

    override fun onNewIntent(intent: Intent) {
        super.onNewIntent(intent)
        hand(intent)
    }

    override fun onWebViewCreate(webView: WebView) {
        page = webView
    }

    // Rust's main runs once in a process, and a data directory has one user. Whatever was acknowledged is on disk: the process
    // can go with its only activity, and the next one begins from there.
    override fun onDestroy() {
        super.onDestroy()
        exitProcess(0)
    }

    // Rust asks the environment for what other systems keep there. All of it must stand before main begins.
    private fun prepareEnvironment() {
        // Never part of a backup, and never copied to a new phone.
        Os.setenv("KITH_HOME", noBackupFilesDir.path, true)
        Os.setenv("HOME", filesDir.path, true)
        // SQLite and Rust would take folders that no app may write to.
        Os.setenv("TMPDIR", cacheDir.path, true)
        CERTIFICATES.firstOrNull { File(it).isDirectory }?.let { Os.setenv("SSL_CERT_DIR", it, true) }
    }

    // A link that was opened elsewhere. Rust keeps it until the page asks.
    private fun hand(intent: Intent?) {
        val link = intent?.takeIf { it.action == Intent.ACTION_VIEW }?.dataString ?: return
        opened(link)
        // So that the same link is not opened again when the system shows this task anew.
        intent.action = null
    }

    // The page gets Back as the Escape key and says by preventDefault() that it had something to close. If not, Kith goes to the
    // background and keeps running; it does not end.
    private val goBack = object : OnBackPressedCallback(true) {
        override fun handleOnBackPressed() {
            val page = page
            if (page == null) {
                moveTaskToBack(true)
            } else {
                page.evaluateJavascript(PRESS_ESCAPE) { used -> if (used != "true") moveTaskToBack(true) }
            }
        }
    }

    // Where apps reach under the system's bars, notch and keyboard, the page is made smaller by them. Where they do not, all of
    // this is zero already.
    private fun keepClearOfBars() {
        val content = findViewById<View>(android.R.id.content)
        ViewCompat.setOnApplyWindowInsetsListener(content) { view, insets ->
            val types = WindowInsetsCompat.Type.systemBars() or
                WindowInsetsCompat.Type.displayCutout() or
                WindowInsetsCompat.Type.ime()
            val taken = insets.getInsets(types)
            view.setPadding(taken.left, taken.top, taken.right, taken.bottom)
            WindowInsetsCompat.CONSUMED
        }
    }

    // src/platform/android.rs
    private external fun opened(link: String)

    private companion object {
        // The system's trusted certificates: since Android 14 they come with updates, before that with the system.
        val CERTIFICATES = listOf("/apex/com.android.conscrypt/cacerts", "/system/etc/security/cacerts")

        const val PRESS_ESCAPE =
            "!(document.activeElement || document.body).dispatchEvent(new KeyboardEvent('keydown'," +
                "{key: 'Escape', code: 'Escape', bubbles: true, cancelable: true}))"
    }
}
