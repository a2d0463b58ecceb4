//! What can be changed on the Tactical RMM server while it runs: the role of the key, and how the server reports on itself.

use std::collections::BTreeSet;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// A permission that a call needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Permission {
    /// `can_list_agents`: the agent list and single agents.
    ListAgents,
    /// `can_list_clients`.
    ListClients,
    /// `can_list_checks`: the checks of an agent.
    ListChecks,
    /// `can_list_autotasks`: the tasks of an agent.
    ListTasks,
    /// `can_manage_winupdates`: the Windows updates of an agent; there is no permission that only reads them.
    ManageUpdates,
    /// `can_list_alerts`.
    ListAlerts,
    /// `can_view_customfields`: the definitions of custom fields; the values come with the agents.
    ViewCustomFields,
}

impl Permission {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::ListAgents,
        Self::ListClients,
        Self::ListChecks,
        Self::ListTasks,
        Self::ManageUpdates,
        Self::ListAlerts,
        Self::ViewCustomFields,
    ];
}

/// The role of the key's user. At first it has every permission.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Role {
    /// The permissions that it does not have.
    pub missing: BTreeSet<Permission>,
}

impl Role {
    /// Whether it has the permission.
    #[must_use]
    pub fn allows(&self, permission: Permission) -> bool {
        !self.missing.contains(&permission)
    }
}

/// How the server reports `services_running`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ServicesForm {
    /// It sees its services.
    #[default]
    Seen,
    /// It runs in a container and sees none: every service is false, although all of them may run.
    Container,
    /// The form of older versions in a container: the text `not available in docker`.
    Text,
}

#[derive(Debug)]
struct State {
    role: Role,
    services: ServicesForm,
    monitoring_token: bool,
}

/// The switches of the server. They are the only thing in the world that does not follow from the seed and the time.
#[derive(Debug)]
pub struct TacticalSwitches(Mutex<State>);

impl Default for TacticalSwitches {
    fn default() -> Self {
        let state = State { role: Role::default(), services: ServicesForm::default(), monitoring_token: true };
        Self(Mutex::new(state))
    }
}

impl TacticalSwitches {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Gives the key's role a permission or takes it away; calls that need a missing one are answered with 403.
    pub fn set_permission(&self, permission: Permission, granted: bool) {
        let missing = &mut self.lock().role.missing;
        if granted {
            missing.remove(&permission);
        } else {
            missing.insert(permission);
        }
    }

    /// The key's role.
    #[must_use]
    pub fn role(&self) -> Role {
        self.lock().role.clone()
    }

    /// Chooses how `services_running` is reported.
    pub fn set_services_form(&self, form: ServicesForm) {
        self.lock().services = form;
    }

    /// How `services_running` is reported.
    #[must_use]
    pub fn services_form(&self) -> ServicesForm {
        self.lock().services
    }

    /// Whether the server has a monitoring token at all; without one nobody gets its status, as on a fresh installation.
    pub fn set_monitoring_token(&self, present: bool) {
        self.lock().monitoring_token = present;
    }

    /// Whether the server has a monitoring token.
    #[must_use]
    pub fn has_monitoring_token(&self) -> bool {
        self.lock().monitoring_token
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_role_has_everything_until_it_is_taken_away() {
        let switches = TacticalSwitches::default();
        assert!(Permission::ALL.iter().all(|permission| switches.role().allows(*permission)));
        switches.set_permission(Permission::ListChecks, false);
        let role = switches.role();
        let missing: Vec<_> = Permission::ALL.into_iter().filter(|permission| !role.allows(*permission)).collect();
        assert_eq!(missing, [Permission::ListChecks]);
        switches.set_permission(Permission::ListChecks, true);
        assert_eq!(switches.role(), Role::default());
    }

    #[test]
    fn at_first_there_is_a_token_and_services_are_seen() {
        let switches = TacticalSwitches::default();
        assert_eq!((switches.has_monitoring_token(), switches.services_form()), (true, ServicesForm::Seen));
        switches.set_monitoring_token(false);
        switches.set_services_form(ServicesForm::Text);
        assert_eq!((switches.has_monitoring_token(), switches.services_form()), (false, ServicesForm::Text));
    }
}
