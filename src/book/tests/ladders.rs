//! Ladders: each kind of order, as a trader would draw it.
