//! What the Redis of [`super::RedisSessions`] carries out alone, so that nothing of it is done by halves.
//!
//! The set of a person's sessions lives as long as the one that lives longest: what is not in it would go on
//! when all are ended.

use std::sync::LazyLock;

use redis::Script;

/// Opens a session. Keys: the session, its first token, the person's sessions. Arguments: the id of the
/// session; how long it lives, in milliseconds; now and its end, in milliseconds; what the keys of sessions
/// begin with; the end of the token; then fields of the session with their values.
pub(super) static ADD: LazyLock<Script> = LazyLock::new(|| {
    Script::new(
        "for field = 7, #ARGV, 2 do redis.call('HSET', KEYS[1], ARGV[field], ARGV[field + 1]) end
        redis.call('PEXPIRE', KEYS[1], ARGV[2])
        redis.call('HSET', KEYS[2], 'session', ARGV[1], 'expires', ARGV[6])
        redis.call('PEXPIRE', KEYS[2], ARGV[2])
        for _, id in ipairs(redis.call('ZRANGEBYSCORE', KEYS[3], '-inf', ARGV[3])) do
            if redis.call('EXISTS', ARGV[5] .. id) == 0 then redis.call('ZREM', KEYS[3], id) end
        end
        redis.call('ZADD', KEYS[3], ARGV[4], ARGV[1])
        if redis.call('PTTL', KEYS[3]) < tonumber(ARGV[2]) then redis.call('PEXPIRE', KEYS[3], ARGV[2]) end
        return 1",
    )
});

/// Uses a token once, or again within the grace, adds the next, and notes who did. Keys: the token, the
/// session, the next token. Arguments: now and until when a use is too old, in milliseconds; now; agent;
/// address; the id of the session; the end of the next token; how long it lives, in milliseconds; what the
/// key of a person's sessions begins with; the end of the next token in milliseconds.
pub(super) static ROTATE: LazyLock<Script> = LazyLock::new(|| {
    Script::new(
        "local user = redis.call('HGET', KEYS[2], 'user')
        if not user or redis.call('HGET', KEYS[1], 'session') ~= ARGV[6] then return 0 end
        local used = redis.call('HGET', KEYS[1], 'used')
        if used and (tonumber(used) or 0) <= tonumber(ARGV[2]) then return 0 end
        if not used then redis.call('HSET', KEYS[1], 'used', ARGV[1]) end
        local lives = tonumber(ARGV[8])
        redis.call('HSET', KEYS[2], 'seen', ARGV[3], 'agent', ARGV[4], 'address', ARGV[5])
        if redis.call('PTTL', KEYS[2]) < lives then redis.call('PEXPIRE', KEYS[2], lives) end
        redis.call('HSET', KEYS[3], 'session', ARGV[6], 'expires', ARGV[7])
        redis.call('PEXPIRE', KEYS[3], lives)
        local of_user = ARGV[9] .. user
        redis.call('ZADD', of_user, ARGV[10], ARGV[6])
        if redis.call('PTTL', of_user) < lives then redis.call('PEXPIRE', of_user, lives) end
        return 1",
    )
});

/// Ends a session of a person. Keys: the session, the person's sessions. Arguments: the person, the session.
pub(super) static END: LazyLock<Script> = LazyLock::new(|| {
    Script::new(
        "if redis.call('HGET', KEYS[1], 'user') ~= ARGV[1] then return 0 end
        redis.call('DEL', KEYS[1])
        redis.call('ZREM', KEYS[2], ARGV[2])
        return 1",
    )
});

/// Ends all sessions of a person but one, and returns those that went on. Key: the person's sessions.
/// Arguments: what the keys of sessions begin with, and the one that goes on.
pub(super) static END_ALL: LazyLock<Script> = LazyLock::new(|| {
    Script::new(
        "local ended = {}
        for _, id in ipairs(redis.call('ZRANGE', KEYS[1], 0, -1)) do
            if id ~= ARGV[2] then
                if redis.call('DEL', ARGV[1] .. id) == 1 then table.insert(ended, id) end
                redis.call('ZREM', KEYS[1], id)
            end
        end
        return ended",
    )
});

/// Sets a time of a session that goes on, if it is below. Key: the session. Arguments: the field and its
/// value.
pub(super) static RAISE: LazyLock<Script> = LazyLock::new(|| {
    Script::new(
        "local was = redis.call('HGET', KEYS[1], ARGV[1])
        if was and (tonumber(was) or 0) < tonumber(ARGV[2]) then redis.call('HSET', KEYS[1], ARGV[1], ARGV[2]) end
        return 1",
    )
});
