"""Exports of advertisers and search engines become costs and search reports; one file an advertiser."""
