-- What came into an account from outside between two marks: returns are of what is left without it.
ALTER TABLE account_marks ADD COLUMN funded TEXT NOT NULL DEFAULT '0';
