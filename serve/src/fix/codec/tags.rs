//! Tags and types of messages, by the names that FIX 4.4 gives them.

macro_rules! tags {
    ($($name:ident = $number:literal,)+) => {$(
        #[doc = concat!("The tag ", stringify!($number), ".")]
        pub(in crate::fix) const $name: u32 = $number;
    )+};
}

tags! {
    AVG_PX = 6,
    BEGIN_SEQ_NO = 7,
    CL_ORD_ID = 11,
    COMMISSION = 12,
    COMM_TYPE = 13,
    CUM_QTY = 14,
    CURRENCY = 15,
    END_SEQ_NO = 16,
    EXEC_ID = 17,
    EXEC_INST = 18,
    LAST_PX = 31,
    LAST_QTY = 32,
    MSG_SEQ_NUM = 34,
    MSG_TYPE = 35,
    NEW_SEQ_NO = 36,
    ORDER_ID = 37,
    ORDER_QTY = 38,
    ORD_STATUS = 39,
    ORD_TYPE = 40,
    ORIG_CL_ORD_ID = 41,
    POSS_DUP_FLAG = 43,
    PRICE = 44,
    REF_SEQ_NUM = 45,
    SENDER_COMP_ID = 49,
    SENDING_TIME = 52,
    SIDE = 54,
    SYMBOL = 55,
    TARGET_COMP_ID = 56,
    TEXT = 58,
    TIME_IN_FORCE = 59,
    TRANSACT_TIME = 60,
    POSS_RESEND = 97,
    ENCRYPT_METHOD = 98,
    STOP_PX = 99,
    CXL_REJ_REASON = 102,
    ORD_REJ_REASON = 103,
    HEART_BT_INT = 108,
    MIN_QTY = 110,
    MAX_FLOOR = 111,
    TEST_REQ_ID = 112,
    ORIG_SENDING_TIME = 122,
    GAP_FILL_FLAG = 123,
    EXPIRE_TIME = 126,
    RESET_SEQ_NUM_FLAG = 141,
    NO_RELATED_SYM = 146,
    EXEC_TYPE = 150,
    LEAVES_QTY = 151,
    SECURITY_EXCHANGE = 207,
    MAX_SHOW = 210,
    PEG_OFFSET_VALUE = 211,
    MD_REQ_ID = 262,
    SUBSCRIPTION_REQUEST_TYPE = 263,
    MARKET_DEPTH = 264,
    MD_UPDATE_TYPE = 265,
    NO_MD_ENTRIES = 268,
    MD_ENTRY_TYPE = 269,
    MD_ENTRY_PX = 270,
    MD_ENTRY_SIZE = 271,
    MD_ENTRY_DATE = 272,
    MD_ENTRY_TIME = 273,
    MD_ENTRY_ID = 278,
    MD_UPDATE_ACTION = 279,
    MD_REQ_REJ_REASON = 281,
    MD_ENTRY_POSITION_NO = 290,
    SECURITY_REQ_ID = 320,
    SECURITY_RESPONSE_ID = 322,
    SECURITY_STATUS_REQ_ID = 324,
    UNSOLICITED_INDICATOR = 325,
    SECURITY_TRADING_STATUS = 326,
    REF_TAG_ID = 371,
    REF_MSG_TYPE = 372,
    SESSION_REJECT_REASON = 373,
    EXEC_RESTATEMENT_REASON = 378,
    BUSINESS_REJECT_REF_ID = 379,
    BUSINESS_REJECT_REASON = 380,
    TOT_NO_RELATED_SYM = 393,
    CXL_REJ_RESPONSE_TO = 434,
    SECURITY_LIST_REQUEST_TYPE = 559,
    SECURITY_REQUEST_RESULT = 560,
    ROUND_LOT = 561,
    MIN_TRADE_VOL = 562,
    USERNAME = 553,
    PASSWORD = 554,
    MASS_STATUS_REQ_ID = 584,
    MASS_STATUS_REQ_TYPE = 585,
    ORD_STATUS_REQ_ID = 790,
    PEG_OFFSET_TYPE = 836,
    LAST_LIQUIDITY_IND = 851,
    TRD_MATCH_ID = 880,
    LAST_FRAGMENT = 893,
    TOT_NUM_REPORTS = 911,
    LAST_RPT_REQUESTED = 912,
    MIN_PRICE_INCREMENT = 969,
    CANCEL_ORDERS_ON_DISCONNECT = 8013,
}

/// Types of messages.
pub(in crate::fix) mod kind {
    macro_rules! kinds {
        ($($name:ident = $text:literal,)+) => {$(
            #[doc = concat!("The type ", $text, ".")]
            pub(in crate::fix) const $name: &str = $text;
        )+};
    }

    kinds! {
        HEARTBEAT = "0",
        TEST_REQUEST = "1",
        RESEND_REQUEST = "2",
        REJECT = "3",
        SEQUENCE_RESET = "4",
        LOGOUT = "5",
        EXECUTION_REPORT = "8",
        ORDER_CANCEL_REJECT = "9",
        LOGON = "A",
        NEW_ORDER_SINGLE = "D",
        ORDER_CANCEL_REQUEST = "F",
        ORDER_CANCEL_REPLACE_REQUEST = "G",
        ORDER_STATUS_REQUEST = "H",
        MARKET_DATA_REQUEST = "V",
        MARKET_DATA_SNAPSHOT = "W",
        MARKET_DATA_INCREMENTAL = "X",
        MARKET_DATA_REQUEST_REJECT = "Y",
        SECURITY_STATUS_REQUEST = "e",
        SECURITY_STATUS = "f",
        BUSINESS_MESSAGE_REJECT = "j",
        SECURITY_LIST_REQUEST = "x",
        SECURITY_LIST = "y",
        ORDER_MASS_STATUS_REQUEST = "AF",
    }

    /// Returns whether FIX 4.4 has a message of this type.
    pub(in crate::fix) fn is_known(kind: &str) -> bool {
        match kind.as_bytes() {
            [one] => one.is_ascii_alphanumeric() && !matches!(one, b'U' | b'O'),
            [b'A', second] => second.is_ascii_uppercase(),
            [b'B', second] => (b'A'..=b'H').contains(second),
            _ => false,
        }
    }
}

/// Returns the tag of the data whose length a tag says: data may have any bytes, a [`super::SOH`] included.
pub(super) fn data_of(length: u32) -> Option<u32> {
    const PAIRS: [(u32, u32); 16] = [
        (90, 91),
        (93, 89),
        (95, 96),
        (212, 213),
        (348, 349),
        (350, 351),
        (352, 353),
        (354, 355),
        (356, 357),
        (358, 359),
        (360, 361),
        (362, 363),
        (364, 365),
        (445, 446),
        (618, 619),
        (621, 622),
    ];
    PAIRS.iter().find(|(tag, _)| *tag == length).map(|(_, data)| *data)
}
