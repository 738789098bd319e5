"""Databases that can be read: MySQL and MariaDB, PostgreSQL, SQLite."""
