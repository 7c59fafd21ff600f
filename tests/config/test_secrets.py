"""Which of the options that others name is a secret; what becomes of one: test_load, test_review, test_dump."""

import pytest

from harmonystate.config.secrets import is_secret

AZURE = "spark.hadoop.fs.azure"
STORE = "lake.dfs.core.windows.net"


@pytest.mark.parametrize(
    "option",
    [
        "ssl_password",
        "sasl_plain_password",
        "api_token",
        "spark.ssl.keyStorePassword",
        "spark.authenticate.secret",
        "spark.kubernetes.authenticate.submission.oauthToken",
        "spark.hadoop.fs.s3a.secret.key",
        "spark.hadoop.fs.s3a.bucket.mine.secret.key",
        "spark.hadoop.fs.s3a.session.token",
        "spark.executorEnv.AWS_SECRET_ACCESS_KEY",
        "spark.sql.catalog.mine.credential",
        "spark.bigquery.credentials",
        "spark.hadoop.google.cloud.auth.service.account.private.key",
        "spark.snowflake.pem_private_key",
        "spark.datadog.apiKey",
        f"{AZURE}.account.key",
        f"{AZURE}.account.key.{STORE}",
        f"{AZURE}.account.key.lake.z10.dfs.storage.azure.net",
        f"{AZURE}.account.key.lake.blob.core.chinacloudapi.cn",
        f"{AZURE}.account.oauth2.client.secret.{STORE}",
        f"{AZURE}.account.oauth2.user.password.{STORE}",
        f"{AZURE}.account.oauth2.refresh.token.{STORE}",
        f"{AZURE}.sas.fixed.token.{STORE}",
        f"{AZURE}.sas.reports.lake.blob.core.windows.net",
    ],
)
def test_a_secret_is_known_by_its_name(option: str):
    assert is_secret(option)


@pytest.mark.parametrize(
    "option",
    [
        "ssl_keyfile",
        "ssl_cafile",
        "ssl_certfile",
        "token_file",
        "password_file",
        "sasl_oauth_token_provider",
        "token_metadata_enabled",
        "spark.ssl.keyStore",
        "spark.ssl.trustStore.location",
        "spark.hadoop.ssl.keystore.location",
        "spark.authenticate.secret.file",
        "spark.authenticate.secretBitLength",
        "spark.kubernetes.driver.secrets.mine",
        "spark.kubernetes.authenticate.submission.oauthTokenFile",
        "spark.hadoop.hadoop.security.credential.provider.path",
        "spark.hadoop.fs.s3a.aws.credentials.provider",
        "spark.hadoop.fs.s3a.access.key",
        "spark.security.credentials.hive.enabled",
        "spark.kerberos.renewal.credentials",
        "spark.executorEnv.GOOGLE_APPLICATION_CREDENTIALS",
        "spark.hadoop.google.cloud.auth.service.account.json.keyfile",
        "spark.hadoop.google.cloud.auth.service.account.private.key.id",
        f"{AZURE}.account.auth.type.{STORE}",
        f"{AZURE}.account.keyprovider.{STORE}",
        f"{AZURE}.account.oauth2.client.id.{STORE}",
        f"{AZURE}.account.oauth2.client.endpoint.{STORE}",
        f"{AZURE}.account.oauth2.token.file.{STORE}",
        f"{AZURE}.sas.token.provider.type.{STORE}",
        "spark.cassandra.connection.ssl.trustStore.path",
        "spark.sql.shuffle.partitions",
    ],
)
def test_what_names_a_file_a_class_or_an_account_is_no_secret(option: str):
    assert not is_secret(option)
