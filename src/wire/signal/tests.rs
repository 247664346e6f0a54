use proptest::prelude::*;

use super::*;

const FINGERPRINT: &str =
    "AB:CD:EF:00:01:02:03:04:05:06:07:08:09:0A:0B:0C:0D:0E:0F:10:11:12:13:14:15:16:17:18:19:1A:1B:1C";

fn description(extra: &str) -> String {
    format!(
        "v=0\r\no=- 1 1 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\na=fingerprint:sha-256 {FINGERPRINT}\r\n{extra}\
         m=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\na=mid:0\r\n"
    )
}

fn connection() -> impl Strategy<Value = ConnectionId> {
    any::<[u8; 16]>().prop_map(ConnectionId)
}

fn candidate() -> impl Strategy<Value = Candidate> {
    ("[ -~]{1,512}", prop::option::of("[0-9a-z]{1,16}"), any::<Option<u16>>())
        .prop_map(|(line, mid, mline)| Candidate { line, mid, mline })
}

/// Any signal within its limits.
pub fn signal() -> impl Strategy<Value = Signal> {
    let sdp = "[a-z]{0,40}".prop_map(|note| description(&format!("a=note:{note}\r\n")));
    let head = || (connection(), any::<u32>(), any::<u32>());
    prop_oneof![
        (head(), sdp.clone()).prop_map(|((connection, number, generation), sdp)| Signal::Offer {
            connection,
            number,
            sdp,
            generation
        }),
        (head(), sdp).prop_map(|((connection, number, generation), sdp)| Signal::Answer {
            connection,
            number,
            sdp,
            generation
        }),
        (head(), prop::collection::vec(candidate(), 0..=CANDIDATES_PER_BATCH_MAX), any::<bool>()).prop_map(
            |((connection, number, generation), candidates, end)| Signal::Candidates {
                connection,
                number,
                candidates,
                end,
                generation
            }
        ),
        head().prop_map(|(connection, number, generation)| Signal::Restart { connection, number, generation }),
    ]
}

proptest! {
    /// Every valid signal comes back from its bytes as it was.
    #[test]
    fn signals_round_trip(signal in signal()) {
        let bytes = signal.encode();
        prop_assert!(bytes.len() <= SIGNAL_BYTES_MAX);
        prop_assert_eq!(Signal::parse(&bytes), Ok(signal));
    }

    /// A signal that is cut off anywhere is refused.
    #[test]
    fn truncated_signals_are_refused(signal in signal(), cut in any::<prop::sample::Index>()) {
        let bytes = signal.encode();
        prop_assert!(Signal::parse(&bytes[..cut.index(bytes.len())]).is_err());
    }

    /// Whatever changes in a signal, it is refused or still within every limit; it never panics.
    #[test]
    fn changed_signals_stay_within_limits(signal in signal(), at in any::<prop::sample::Index>(), byte in any::<u8>()) {
        let mut bytes = signal.encode();
        let at = at.index(bytes.len());
        bytes[at] = byte;
        if let Ok(parsed) = Signal::parse(&bytes) {
            prop_assert_eq!(parsed.validate(), Ok(()));
        }
        fuzz(&bytes);
    }

    /// Arbitrary bytes never panic.
    #[test]
    fn arbitrary_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        fuzz(&bytes);
    }

    /// Every valid heartbeat comes back from its bytes as it was; an interval outside the limits is refused.
    #[test]
    fn heartbeats_round_trip(
        interval_ms in 0u32..100_000,
        stamp in any::<u64>(),
        echo in any::<Option<u64>>(),
        relayed in any::<Option<bool>>(),
    ) {
        let heartbeat = Heartbeat { interval_ms, stamp, echo, relayed };
        let bytes = cbor::encode(&heartbeat);
        let expected = match interval_ms {
            INTERVAL_MS_MIN..=INTERVAL_MS_MAX => Ok(heartbeat),
            other => Err(SignalError::Interval(other)),
        };
        prop_assert_eq!(Heartbeat::parse(&bytes), expected);
        prop_assert!(Heartbeat::parse(&bytes[..bytes.len() - 1]).is_err());
    }

    /// A description is accepted only with exactly one fingerprint line, wherever the lines stand and however they end.
    #[test]
    fn exactly_one_fingerprint(count in 0usize..4, end in prop::sample::select(vec!["\r\n", "\n", "\r"])) {
        let mut lines = vec!["v=0".to_owned(), "m=application 9 UDP/DTLS/SCTP webrtc-datachannel".to_owned()];
        lines.extend((0..count).map(|_| format!("a=fingerprint:sha-256 {FINGERPRINT}")));
        let result = sdp_fingerprint(&(lines.join(end) + end));
        match count {
            0 => prop_assert_eq!(result, Err(SdpError::NoFingerprint)),
            1 => prop_assert_eq!(result.map(|bytes| bytes[0]), Ok(0xab)),
            _ => prop_assert_eq!(result, Err(SdpError::SeveralFingerprints)),
        }
    }

    /// Changing any character of a fingerprint changes what it binds, or it is refused.
    #[test]
    fn a_fingerprint_has_one_meaning(at in 0usize..95, byte in 0x20u8..0x7f) {
        let mut changed = FINGERPRINT.as_bytes().to_vec();
        changed[at] = byte;
        let changed = String::from_utf8(changed).unwrap();
        let sdp = description("").replace(FINGERPRINT, &changed);
        if !changed.eq_ignore_ascii_case(FINGERPRINT) {
            prop_assert_ne!(sdp_fingerprint(&sdp), sdp_fingerprint(&description("")));
        }
    }
}

/// Each kind of description that we do not want is refused with the error that says so.
#[test]
fn foreign_descriptions_are_refused() {
    let good = description("");
    assert!(sdp_fingerprint(&good).is_ok());
    let cases = [
        (good.replace("m=application", "m=audio"), SdpError::NotOneDataSection),
        (good.clone() + "m=video 9 UDP/TLS/RTP/SAVPF 96\r\n", SdpError::NotOneDataSection),
        (good.clone() + "m=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\n", SdpError::NotOneDataSection),
        (good.replace("m=application", "x=application"), SdpError::NotOneDataSection),
        (good.replace("sha-256", "sha-1"), SdpError::BadFingerprint),
        (good.replace(":1B:1C", ":1B"), SdpError::BadFingerprint),
        (good.replace(":1C", ":1C:1D"), SdpError::BadFingerprint),
        (good.clone() + "A=x\r\na=Fingerprint:sha-512 00\r\n", SdpError::SeveralFingerprints),
        (good.clone() + "a=f ingerprint:sha-512 00\r\n", SdpError::SeveralFingerprints),
        (good.clone() + "A = fingerprint\r\n", SdpError::SeveralFingerprints),
        (good.clone() + "a=x:\u{e9}\r\n", SdpError::NotText),
        (good.clone() + "a=x:\0\r\n", SdpError::NotText),
        (String::new(), SdpError::NotOneDataSection),
        (description(&"a=x\r\n".repeat(2_000)), SdpError::TooLong(description(&"a=x\r\n".repeat(2_000)).len())),
    ];
    for (sdp, error) in cases {
        assert_eq!(sdp_fingerprint(&sdp), Err(error), "{sdp}");
    }
}

/// What exceeds a limit by one is refused, in bytes that are otherwise right.
#[test]
fn one_more_than_the_limit_is_refused() {
    let connection = ConnectionId([7; 16]);
    let candidate = |length| Candidate { line: "c".repeat(length), mid: Some("0".repeat(16)), mline: Some(u16::MAX) };
    let batch = |count, length| Signal::Candidates {
        connection,
        number: u32::MAX,
        candidates: vec![candidate(length); count],
        end: true,
        generation: u32::MAX,
    };
    let full = batch(CANDIDATES_PER_BATCH_MAX, CANDIDATE_BYTES_MAX);
    assert_eq!(Signal::parse(&full.encode()), Ok(full));
    assert_eq!(Signal::parse(&batch(17, 10).encode()), Err(SignalError::TooManyCandidates(17)));
    assert_eq!(Signal::parse(&batch(1, 513).encode()), Err(SignalError::Candidate));
    assert_eq!(Signal::parse(&batch(1, 0).encode()), Err(SignalError::Candidate));
    let sdp = description(&"a=x\r\n".repeat(2_000));
    let offer = Signal::Offer { connection, number: 1, sdp, generation: 0 };
    assert!(matches!(Signal::parse(&offer.encode()), Err(SignalError::Codec(DecodeError::TooLong { .. }))));
    let lines = Signal::Candidates {
        connection,
        number: 1,
        candidates: vec![Candidate { line: "a\r\nb".to_owned(), mid: None, mline: None }],
        end: false,
        generation: 0,
    };
    assert_eq!(Signal::parse(&lines.encode()), Err(SignalError::Candidate));
}
