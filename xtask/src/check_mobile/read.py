"""Reads the files that make an app of Kith and prints them as JSON. What is right about them is judged in files.rs."""

import json
import plistlib
import sys
import tomllib
import xml.etree.ElementTree as xml
from pathlib import Path

ANDROID = "{http://schemas.android.com/apk/res/android}"


def attributes(element):
    return {name.replace(ANDROID, ""): value for name, value in element.attrib.items()}


def manifest(path):
    root = xml.parse(path).getroot()
    application = root.find("application")
    activity = application.find("activity")
    return {
        "permissions": [attributes(one)["name"] for one in root.findall("uses-permission")],
        "application": attributes(application),
        "activity": attributes(activity),
        "metadata": {attributes(one)["name"]: attributes(one)["value"] for one in activity.findall("meta-data")},
        "schemes": [attributes(one)["scheme"] for one in activity.findall("intent-filter/data")],
    }


root = Path(sys.argv[1])
dioxus = tomllib.loads((root / "Dioxus.toml").read_text())
application = dioxus["application"]
package = tomllib.loads((root / "Cargo.toml").read_text())["package"]
json.dump(
    {
        "dioxus": dioxus,
        "package": {"name": package["name"], "version": package["version"]},
        "manifest": manifest(root / application["android_manifest"]),
        "plist": plistlib.loads((root / application["ios_info_plist"]).read_bytes()),
        "activity": (root / application["android_main_activity"]).read_text(),
    },
    sys.stdout,
)
