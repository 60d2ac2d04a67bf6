//! The address book.

use std::collections::BTreeMap;

use dhc_domain::Address;
use dhc_ipc::{ContactView, ContactsView, Failure, SaveContact};

use crate::{failure::misuse, profile::Session, sealed::CONTACTS, wallet::address};

const LONGEST: usize = 120;

pub fn list(session: &Session) -> Result<ContactsView, Failure> {
    let mut contacts: Vec<ContactView> = session
        .db
        .all(CONTACTS)?
        .into_iter()
        .map(|(_, c)| c)
        .collect();
    contacts.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(ContactsView { contacts })
}

pub fn save(session: &Session, args: &SaveContact) -> Result<ContactsView, Failure> {
    let address = address(&args.address)?;
    let key = session.blind(&format!("contact {address}"));
    let (name, organisation) = (args.name.trim(), args.organisation.trim());
    if name.len() > LONGEST || organisation.len() > LONGEST {
        return Err(misuse("a name has at most 120 bytes"));
    }
    if name.is_empty() {
        session.db.delete(CONTACTS, &key)?;
    } else {
        let contact = ContactView {
            address: address.to_string(),
            name: name.into(),
            organisation: organisation.into(),
        };
        session.db.put(CONTACTS, &key, &contact)?;
    }
    list(session)
}

/// Names by address.
pub fn known(session: &Session) -> Result<BTreeMap<Address, String>, Failure> {
    Ok(list(session)?
        .contacts
        .into_iter()
        .filter_map(|c| c.address.parse().ok().map(|a| (a, c.name)))
        .collect())
}
