import { type Option, readOptions } from './option-table';

/** The options of Element Web's config.json at the top level. */
export function elementOptions(): readonly Option[] {
  known ??= readOptions(table.split('\n').filter(line => line !== ''));
  return known;
}

let known: readonly Option[] | undefined;

/** By element-hq/element-web, docs/config.md of 1.11; the sentences are our own. */
const table = `
default_server_config o The homeserver that users start with, as /.well-known/matrix/client says it.
 m.homeserver o The homeserver.
  base_url u The URL under which browsers reach the homeserver.
  server_name D The name that is shown for it.
 m.identity_server o The identity server, which finds people by e-mail address and phone number.
  base_url s Its URL.
default_server_name D The domain whose /.well-known/matrix/client is asked for the homeserver.
disable_custom_urls b Whether users cannot choose another homeserver.
disable_guests b Whether people without an account see nothing.
disable_login_language_selector b Whether the sign-in page offers no languages.
disable_3pid_login b Whether nobody can sign in by e-mail address or phone number.
force_verification b Whether every new session has to be verified.
brand s The name of the app.
branding o Pictures and links of the sign-in page.
 welcome_background_url s A picture behind the page, or a list to choose from.
 auth_header_logo_url s The logo above the form.
 auth_footer_links l The links below it.
  text s What is shown.
  url s Where it leads.
embedded_pages o Own pages.
 welcome_url s The page before sign-in.
 home_url s The page when no room is open.
 login_for_welcome b Whether the sign-in form takes the place of the first page.
default_theme <light|dark|light-high-contrast> The theme that users start with.
default_country_code s The country that phone numbers start with, by two letters.
default_federate b Whether new rooms are open to other servers; it cannot be changed later.
default_device_display_name s The name of new sessions.
default_widget_container_height n How high widgets are at first, in pixels.
permalink_prefix u The address in links to rooms, instead of matrix.to.
room_directory o The list of public rooms.
 servers DD Further servers whose lists are offered.
setting_defaults o Settings that users start with, and parts of the interface.
 UIFeature.urlPreviews b Whether links are previewed.
 UIFeature.feedback b Whether users are asked for feedback.
 UIFeature.voip b Whether calls are offered.
 UIFeature.widgets b Whether widgets are shown.
 UIFeature.advancedSettings b Whether advanced settings are shown.
 UIFeature.shareQrCode b Whether sharing shows a QR code.
 UIFeature.shareSocial b Whether sharing shows social networks.
 UIFeature.identityServer b Whether anything of identity servers is shown.
 UIFeature.thirdPartyId b Whether e-mail addresses and phone numbers are shown.
 UIFeature.registration b Whether there is a page to register.
 UIFeature.passwordReset b Whether there is a page to reset the password.
 UIFeature.deactivate b Whether users can deactivate their account.
 UIFeature.advancedEncryption b Whether advanced settings of encryption are shown.
 UIFeature.roomHistorySettings b Whether the history of rooms can be set.
 UIFeature.TimelineEnableRelativeDates b Whether days are called today and yesterday.
 UIFeature.BulkUnverifiedSessionsReminder b Whether users are reminded of unverified sessions.
 UIFeature.locationSharing b Whether places can be shared.
 MessageComposerInput.showStickersButton b Whether stickers are offered.
 MessageComposerInput.showPollsButton b Whether polls are offered.
features m Experiments that are forced on or off.
show_labs_settings b Whether users may switch experiments on themselves.
element_call o Calls by Element Call.
 url s Where Element Call is.
 use_exclusively b Whether no other kind of call is offered.
 participant_limit n How many may join a call.
 brand s What it is called.
 guest_spa_url s An Element Call for guests.
jitsi o Calls by Jitsi.
 preferred_domain s The domain of the Jitsi server.
jitsi_widget o How Jitsi calls begin.
 skip_built_in_welcome_screen b Whether a call is joined at once.
voip o Further settings of calls.
 obey_asserted_identity b Whether a call may tell who is on the other side; only where all are trusted.
audio_stream_url s Where calls can be streamed to.
widget_build_url s Who is asked for a widget when somebody calls.
widget_build_url_ignore_dm b Whether it is not asked in direct chats.
integrations_ui_url s The pages of an integration manager; null for none.
integrations_rest_url s Its API.
integrations_widgets_urls ss Where its widgets come from.
enable_presence_by_hs_url m Whether presence is shown, by the URL of the homeserver.
sso_redirect_options o Who is sent to single sign-on at once.
 immediate b Everybody who is not signed in.
 on_welcome_page b Those who come to the first page.
 on_login_page b Those who come to the sign-in page.
logout_redirect_url s Where users are sent after they have signed out.
oidc_static_clients m Clients of OpenID Connect, by issuer.
 client_id s The id of the client.
oidc_metadata o What the app says of itself to OpenID Connect.
 client_uri s The page of the app.
 logo_uri s Its logo.
 tos_uri s Its terms.
 policy_uri s Its privacy policy.
 contacts ss E-mail addresses.
bug_report_endpoint_url s Where reports of faults are sent; none are sent without it.
uisi_autorageshake_app s What reports of undecryptable messages are filed under.
existing_issues_url s Where known faults are listed.
new_issue_url s Where new ones are reported.
sentry o Reports to Sentry.
 dsn s The address of the project.
 environment s The name of this installation.
posthog o Analytics by PostHog.
 api_host s The server.
 project_api_key s The key of the project.
analytics_owner s Who is named as the one who analyses.
privacy_policy_url s The privacy policy.
terms_and_conditions_links l Links to terms.
 text s What is shown.
 url s Where it leads.
report_event o What is shown when somebody reports a message.
 admin_message_md s A text in Markdown.
desktop_builds o The app for computers.
 available b Whether there is one.
 logo s Its logo.
 url s Where it is downloaded.
 url_macos s The same for macOS.
 url_win64 s The same for Windows.
 url_linux s The same for Linux.
mobile_builds o The apps for phones.
 ios s Where the one for iOS is; null for none.
 android s Where the one for Android is; null for none.
 fdroid s Where it is on F-Droid; null for none.
mobile_guide_toast b Whether visitors on phones are told of the apps.
map_style_url s The map for shared places.
user_notice o A notice to all users.
 title s Its title.
 description s Its text.
 show_once b Whether it is shown once only.
help_url s The page with help.
help_encryption_url s The page with help on encryption.
custom_translations_url s Own translations.
update_base_url s Where the app for computers gets updates.
welcome_user_id s Who writes to new users first; deprecated.
latex_maths_delims o What formulas are marked by.
fallback_hs_url s A homeserver for guests; for developers.
sync_timeline_limit n How many events a sync gets; for developers.
`;
