"""What a site lays over the rules: its folder (`CDS_SITE_DIR`), of which `site.json` says where the site is and how it
works. Aliases, concept maps and phrases of the folder are read by `facts`, as those of the rules are."""

from cds_service.site.countries import COUNTRIES
from cds_service.site.folder import LocalSite, load_site
from cds_service.site.settings_file import SITE_FILE, SiteSettings, is_language

__all__ = ["COUNTRIES", "SITE_FILE", "LocalSite", "SiteSettings", "is_language", "load_site"]
