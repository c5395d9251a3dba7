-- The contest whose result an announcement is. Such announcements do not count towards how many administrators may show.
ALTER TABLE announcements ADD COLUMN contest_id BLOB REFERENCES contests (id);
