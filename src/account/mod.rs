//! Accounts: cash, positions, holds, P&L, conservation.
