-- When people have logged in last: sessions may be elsewhere.
ALTER TABLE users ADD COLUMN signed_in_at BIGINT;
UPDATE users SET signed_in_at = (SELECT MAX(s.created_at) FROM sessions s WHERE s.user_id = users.id);
