-- 两个角色：guikou_owner 拥有表，只用于迁移、备份、恢复；guikou 是网站，读写行，但不能改表，也不能 TRUNCATE。
-- 账本、决定、历史只增不改，由触发器保证；触发器挡不住 TRUNCATE，所以网站的角色没有这项权限。
-- 以数据库管理员执行一次：  sudo -u postgres psql -v ON_ERROR_STOP=1 -d guikou -f deploy/grants.sql
-- 可重复执行；恢复备份之后也执行一次。

DO $$
BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'guikou_owner') THEN
        CREATE ROLE guikou_owner LOGIN;
    END IF;
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'guikou') THEN
        CREATE ROLE guikou LOGIN;
    END IF;
END
$$;

REVOKE ALL ON SCHEMA public FROM PUBLIC;
GRANT USAGE, CREATE ON SCHEMA public TO guikou_owner;
GRANT USAGE ON SCHEMA public TO guikou;

-- 已有的表与序列
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO guikou;
REVOKE TRUNCATE, REFERENCES, TRIGGER ON ALL TABLES IN SCHEMA public FROM guikou;
GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO guikou;

-- 以后迁移新建的表与序列
ALTER DEFAULT PRIVILEGES FOR ROLE guikou_owner IN SCHEMA public
    GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO guikou;
ALTER DEFAULT PRIVILEGES FOR ROLE guikou_owner IN SCHEMA public
    GRANT USAGE, SELECT ON SEQUENCES TO guikou;
