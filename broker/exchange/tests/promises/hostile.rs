//! What openmls would take and we refuse, and bytes that nobody honest would send.
