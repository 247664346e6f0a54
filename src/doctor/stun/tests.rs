use super::*;

const ID: Transaction = [7; 12];

fn answer(kind: MessageType, fill: impl Fn(&mut Message)) -> Vec<u8> {
    let mut message = begin(ID, kind).unwrap();
    fill(&mut message);
    message.raw
}

/// What a server answers is read: addresses of both families, errors, what a login needs.
#[test]
fn answers_are_read() {
    let mapped: SocketAddr = "[2001:db8::7]:4000".parse().unwrap();
    let other: SocketAddr = "192.0.2.2:3479".parse().unwrap();
    let bytes = answer(MessageType::new(METHOD_BINDING, CLASS_SUCCESS_RESPONSE), |message| {
        XorMappedAddress { ip: mapped.ip(), port: mapped.port() }.add_to(message).unwrap();
        MappedAddress { ip: other.ip(), port: other.port() }.add_to_as(message, ATTR_OTHER_ADDRESS).unwrap();
    });
    let read_back = read(&bytes).unwrap();
    assert_eq!((read_back.transaction, read_back.method, read_back.error), (ID, Method::Binding, None));
    assert_eq!((read_back.mapped, read_back.other, read_back.relayed), (Some(mapped), Some(other), None));

    let bytes = answer(MessageType::new(METHOD_ALLOCATE, CLASS_ERROR_RESPONSE), |message| {
        message.add(ATTR_ERROR_CODE, &[0, 0, 4, 1]);
        message.add(ATTR_REALM, b"kith.example");
        message.add(ATTR_NONCE, b"n");
    });
    let read_back = read(&bytes).unwrap();
    assert_eq!(read_back.error, Some(401));
    assert_eq!((read_back.realm.as_deref(), read_back.nonce.as_deref()), (Some("kith.example"), Some("n")));
}

/// A relay's answer is told from a refusal, and a refusal without its number is one still.
#[test]
fn refusals_are_refusals() {
    let bytes = answer(MessageType::new(METHOD_ALLOCATE, CLASS_ERROR_RESPONSE), |_| {});
    assert_eq!(read(&bytes).unwrap().error, Some(0));
    let bytes = answer(MessageType::new(METHOD_ALLOCATE, CLASS_ERROR_RESPONSE), |m| m.add(ATTR_ERROR_CODE, &[4]));
    assert_eq!(read(&bytes).unwrap().error, Some(0));
}

/// Questions of others, cut or overlong datagrams, broken addresses and texts: none is an answer, none of it does harm.
#[test]
fn what_is_no_answer_is_nothing() {
    assert_eq!(read(&[]), None);
    assert_eq!(read(&binding(ID, None).unwrap()), None);
    let whole = answer(MessageType::new(METHOD_BINDING, CLASS_SUCCESS_RESPONSE), |message| {
        XorMappedAddress { ip: "192.0.2.1".parse().unwrap(), port: 1 }.add_to(message).unwrap();
    });
    for length in 0..whole.len() {
        assert_eq!(read(&whole[..length]), None, "{length}");
    }
    assert_eq!(read(&vec![0; DATAGRAM_BYTES_MAX + 1]), None);
    let odd = answer(MessageType::new(METHOD_BINDING, CLASS_SUCCESS_RESPONSE), |message| {
        message.add(ATTR_XORMAPPED_ADDRESS, &[0, 1, 2]);
        message.add(ATTR_OTHER_ADDRESS, &[0, 9, 0, 0, 1, 1, 1, 1]);
        message.add(ATTR_REALM, &[0xff; 4]);
        message.add(ATTR_NONCE, &[b'n'; TEXT_BYTES_MAX + 1]);
    });
    let read_back = read(&odd).unwrap();
    assert_eq!((read_back.mapped, read_back.other, read_back.realm, read_back.nonce), (None, None, None, None));
}

/// What is asked has the form of the RFCs; the login's proof is that of RFC 5769 §2.4's method, and no password is in it.
#[test]
fn questions_have_their_form() {
    let plain = binding(ID, None).unwrap();
    assert_eq!(plain, [&[0, 1, 0, 0, 0x21, 0x12, 0xa4, 0x42][..], &ID].concat());
    let change = binding(ID, Some(Change::AddressAndPort)).unwrap();
    assert_eq!(change[20..], [0, 3, 0, 4, 0, 0, 0, 6]);
    assert_eq!(binding(ID, Some(Change::Port)).unwrap()[27], 2);
    let login = Login {
        user: "user".to_owned(),
        password: "secret".to_owned(),
        realm: "kith.example".to_owned(),
        nonce: "n".to_owned(),
    };
    let asked = allocate(ID, Some(&login)).unwrap();
    assert_eq!(asked[20..28], [0, 0x19, 0, 4, 17, 0, 0, 0]);
    assert!(!asked.windows(6).any(|part| part == b"secret"));
    let mut message = Message::new();
    message.unmarshal_binary(&asked).unwrap();
    let provider = default_provider().unwrap();
    let key = MessageIntegrity::long_term_integrity_key(
        login.user.clone(),
        login.realm.clone(),
        login.password.clone(),
        provider.crypto(),
    );
    MessageIntegrity::check(&mut message, &key.unwrap(), provider.crypto()).unwrap();
    let back = give_back(ID, Some(&login)).unwrap();
    assert_eq!(back[20..28], [0, 0x0d, 0, 4, 0, 0, 0, 0]);
    assert_eq!(give_back(ID, None).unwrap()[20..], [0, 0x0d, 0, 4, 0, 0, 0, 0]);
    assert!(allocate(ID, Some(&Login { nonce: "n".repeat(800), ..login })).is_err());
}
