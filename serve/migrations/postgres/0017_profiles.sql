-- What people say of themselves and how they like it shown. Their pictures are files.
CREATE TABLE profiles (
    user_id UUID NOT NULL CONSTRAINT "profiles.user_id" PRIMARY KEY REFERENCES users (id),
    first_name TEXT,
    last_name TEXT,
    -- As JSON; what it does not have is as it is for whoever chose nothing.
    settings TEXT NOT NULL
);
