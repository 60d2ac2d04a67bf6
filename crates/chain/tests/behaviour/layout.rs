//! Places of variables, as the Solidity documentation defines them.

use alloy::primitives::{Address, B256, U256, keccak256};
use dhc_chain::layout::{Layout, LayoutError, Words};
use proptest::prelude::*;

/// What solc writes for
/// `uint128 a; uint64 b; bool c; mapping(address => mapping(bytes32 => S)) m; mapping(uint64 => uint256) n;`
/// with `struct S { bytes32 head; address who; uint32 small; }`.
const LAYOUT: &str = r#"{"storage":[
    {"astId":1,"contract":"C","label":"a","offset":0,"slot":"0","type":"t_uint128"},
    {"astId":2,"contract":"C","label":"b","offset":16,"slot":"0","type":"t_uint64"},
    {"astId":3,"contract":"C","label":"c","offset":24,"slot":"0","type":"t_bool"},
    {"astId":4,"contract":"C","label":"m","offset":0,"slot":"1","type":"t_outer"},
    {"astId":5,"contract":"C","label":"n","offset":0,"slot":"2","type":"t_n"},
    {"astId":6,"contract":"C","label":"list","offset":0,"slot":"3","type":"t_list"}],
  "types":{
    "t_uint128":{"encoding":"inplace","label":"uint128","numberOfBytes":"16"},
    "t_uint64":{"encoding":"inplace","label":"uint64","numberOfBytes":"8"},
    "t_uint32":{"encoding":"inplace","label":"uint32","numberOfBytes":"4"},
    "t_uint96":{"encoding":"inplace","label":"uint96","numberOfBytes":"12"},
    "t_uint256":{"encoding":"inplace","label":"uint256","numberOfBytes":"32"},
    "t_bool":{"encoding":"inplace","label":"bool","numberOfBytes":"1"},
    "t_address":{"encoding":"inplace","label":"address","numberOfBytes":"20"},
    "t_bytes32":{"encoding":"inplace","label":"bytes32","numberOfBytes":"32"},
    "t_outer":{"encoding":"mapping","key":"t_address","label":"m","numberOfBytes":"32","value":"t_inner"},
    "t_inner":{"encoding":"mapping","key":"t_bytes32","label":"m","numberOfBytes":"32","value":"t_s"},
    "t_n":{"encoding":"mapping","key":"t_uint64","label":"n","numberOfBytes":"32","value":"t_uint256"},
    "t_list":{"encoding":"dynamic_array","base":"t_address","label":"address[]","numberOfBytes":"32"},
    "t_s":{"encoding":"inplace","label":"struct S","numberOfBytes":"64","members":[
      {"astId":7,"contract":"C","label":"head","offset":0,"slot":"0","type":"t_bytes32"},
      {"astId":8,"contract":"C","label":"who","offset":0,"slot":"1","type":"t_address"},
      {"astId":9,"contract":"C","label":"small","offset":20,"slot":"1","type":"t_uint32"}]}}}"#;

fn number(n: u64) -> [u8; 32] {
    U256::from(n).to_be_bytes()
}

#[test]
fn slots_are_the_documentations() {
    let layout = Layout::parse(LAYOUT).unwrap();
    let (who, id) = (Address::repeat_byte(0xaa), B256::repeat_byte(0xbb));
    let outer = keccak256([who.into_word().0, number(1)].concat());
    let inner = keccak256([id.0, outer.0].concat());
    let place = layout
        .variable("m")
        .unwrap()
        .key(who)
        .unwrap()
        .key(id)
        .unwrap();
    assert_eq!(place.slot(), inner);
    let next = B256::from(U256::from_be_bytes(inner.0) + U256::from(1));
    assert_eq!(place.slots().unwrap(), [inner, next]);
    let small = place.field("small").unwrap();
    // 20 bytes from the low end: bytes 8 to 12 from the high end.
    assert_eq!((small.slot(), small.bytes().unwrap()), (next, 8..12));
    let n = layout.variable("n").unwrap().key(258u64).unwrap();
    assert_eq!(n.slot(), keccak256([number(258), number(2)].concat()));
}

#[test]
fn what_does_not_fit_is_said() {
    let layout = Layout::parse(LAYOUT).unwrap();
    let m = layout.variable("m").unwrap();
    assert!(matches!(
        layout.variable("z"),
        Err(LayoutError::NoVariable(_))
    ));
    assert!(matches!(m.key(7u64), Err(LayoutError::KeyType(_))));
    assert!(matches!(
        m.field("head"),
        Err(LayoutError::NotAStructure(_))
    ));
    let s = m.key(Address::ZERO).unwrap().key(B256::ZERO).unwrap();
    assert!(matches!(
        s.key(B256::ZERO),
        Err(LayoutError::NotAMapping(_))
    ));
    assert!(matches!(s.field("tail"), Err(LayoutError::NoField(_))));
    assert!(matches!(
        s.get::<B256>("head", &Words::new()),
        Err(LayoutError::NotRead)
    ));
    let read = Words::from([(s.slot(), B256::repeat_byte(1))]);
    assert!(
        matches!(s.get::<u64>("head", &read), Err(LayoutError::Value(_))),
        "another type"
    );
    let list = layout.variable("list").unwrap();
    assert!(matches!(
        list.read::<U256>(&Words::from([(list.slot(), B256::ZERO)])),
        Err(LayoutError::Value(_))
    ));
    for bad in [
        "",
        "{}",
        r#"{"storage":[{"label":"a","offset":40,"slot":"0","type":"t"}]}"#,
    ] {
        assert!(
            matches!(Layout::parse(bad), Err(LayoutError::Malformed(_))),
            "{bad}"
        );
    }
}

#[test]
fn a_flag_that_is_neither_is_an_error() {
    let layout = Layout::parse(LAYOUT).unwrap();
    let c = layout.variable("c").unwrap();
    let mut word = B256::ZERO;
    for (byte, expected) in [(0, Some(false)), (1, Some(true)), (2, None)] {
        word.0[7] = byte;
        assert_eq!(
            c.read::<bool>(&Words::from([(c.slot(), word)])).ok(),
            expected
        );
    }
}

proptest! {
    #[test]
    fn packed_values_come_back(a: u128, b: u64, c: bool) {
        let layout = Layout::parse(LAYOUT).unwrap();
        let mut word = B256::ZERO;
        word.0[16..].copy_from_slice(&a.to_be_bytes());
        word.0[8..16].copy_from_slice(&b.to_be_bytes());
        word.0[7] = u8::from(c);
        let words = Words::from([(B256::ZERO, word)]);
        prop_assert_eq!(layout.variable("a").unwrap().read::<u128>(&words).unwrap(), a);
        prop_assert_eq!(layout.variable("b").unwrap().read::<u64>(&words).unwrap(), b);
        prop_assert_eq!(layout.variable("b").unwrap().read::<U256>(&words).unwrap(), U256::from(b));
        prop_assert_eq!(layout.variable("c").unwrap().read::<bool>(&words).unwrap(), c);
    }
}
